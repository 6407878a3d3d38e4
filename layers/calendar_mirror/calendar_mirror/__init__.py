"""
Calendar Mirror: a DynamoDB table that equals the calendars connected through Cronofy.

Read the modules in the order in which the data flows. These decide, and import nothing but the
standard library:

    signatures      was this body signed by Cronofy?
    notifications   what does it say?
    messages        what do we put on the queue for it?
    scopes          what is read of an account?
    spans           which part of the window, where it does not fit into one go?
    planning        which read settles these messages, if any is needed?
    queries         what do we ask Cronofy, in its words?
    answers         what does Cronofy's answer mean to us?
    documents       Cronofy's JSON, made fit to be stored
    origins         why does a row have its content?
    records, busy   an event, or a busy period, as we keep it
    intervals       when does it take place?
    diffing         what has to be written?
    repairing       what did a full read prove wrong?
    announcements   what is the change feed told of the account?
    feed            and what of its events?
    measures        what is CloudWatch told, under which names?
    reports         what was done for one account in one batch

For connecting accounts there are ``invitations`` (what a connect link says), ``consent`` (the way
to Cronofy's page and back) and ``screens`` (what the browser shows). They all lean on ``errors``,
``instants``, ``settings``, ``credentials``, ``profiles``, ``accounts``, ``account_items``, ``due``,
``budgets``, ``admission``, ``spacing``, ``backoff``, ``emf`` and ``sigv4``.

The edges each know one outside thing: ``aws_json`` and ``client_secrets`` (AWS without an SDK, for
``receive``), ``secrets_manager``, ``sync_queue``, ``dead_letter_queue``, ``change_bus``,
``cronofy``, ``tokens``, ``connect_links``, ``dynamodb``, ``events_table``, ``accounts_table``,
``erasures_table``, ``authorizations_table``, ``budget_table``, ``census``, ``reporting``.

The shells bring the two together: ``receive`` and ``sync`` at either end of the queue; between
them ``attending``, which makes a ``visit`` to one account and leads to ``channel_keeping`` and
``profile_keeping``, to ``reading``, page by page in ``paging``, or to ``erasing``; ``connect`` and
``reconcile``; and ``publish``, from the events table to the change feed. The functions' ``app.py``
are doors to them.

And ``reader``, an edge for the code of those who use the mirror.
"""
