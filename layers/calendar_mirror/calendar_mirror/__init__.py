"""
Calendar Mirror: a DynamoDB table that equals the calendars connected through Cronofy.

Read the modules in the order in which the data flows. These decide, and import nothing but the
standard library:

    signatures      was this body signed by Cronofy?
    notifications   what does it say?
    messages        what do we put on the queue for it?
    planning        which read settles these messages, if any is needed?
    answers         what does Cronofy's answer mean to us?
    documents       Cronofy's JSON, made fit to be stored
    records         an event as we keep it
    diffing         what has to be written?
    reports         what was done for one account in one batch

So do ``errors``, ``instants``, ``settings``, ``credentials``, ``accounts``, ``backoff``, ``emf``
and ``sigv4``, which they lean on.

The edges each know one outside thing: ``aws_json`` and ``client_secrets`` (AWS without an SDK, for
``receive``), ``secrets_manager``, ``sync_queue``, ``cronofy``, ``tokens``, ``dynamodb``,
``events_table``, ``accounts_table``, ``reporting``.

The shells bring the two together: ``receive``, ``reading`` and ``sync``. The functions' ``app.py``
are doors to them.
"""
