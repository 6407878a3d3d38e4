"""A notification that stands for several changes waits until reads show all of them."""


def test_a_change_that_no_read_shows_yet_is_not_told_with_an_earlier_one(cronofy):
    account = cronofy.account()
    cronofy.set(visibility_lag=10, coalescing=2)
    cronofy.channel(account)
    cronofy.event(account, summary="Early")
    cronofy.advance(5)
    cronofy.event(account, summary="Late")

    cronofy.advance(7)  # the first is visible, and its time for joining is over
    (first,) = cronofy.notifications()
    assert first["changes_since"] == "2026-01-31T09:00:00Z"
    assert cronofy.summaries(account, last_modified=first["changes_since"]) == ["Early"]

    cronofy.advance(5)
    (second,) = cronofy.notifications()
    assert second["changes_since"] == "2026-01-31T09:00:05Z"
    assert cronofy.summaries(account, last_modified=second["changes_since"]) == ["Late"]
