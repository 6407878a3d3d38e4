import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calendar_mirror.accounts import Account, Tokens
from calendar_mirror.errors import SettingsError
from calmirror import import_files
from calmirror.import_files import FIELDS, FileError, Refusal, Row

HEADER = "account_id,refresh_token"
WITH_ALL = "account_id,refresh_token,access_token,data_center,user_ref,calendars"


def check(data_center):
    if data_center not in ("us", "de"):
        raise SettingsError("none is kept")


def read(*lines, end="\n"):
    content = lines[0] if isinstance(lines[0], bytes) else end.join(lines).encode()
    return import_files.read(content, data_center="us", check_data_center=check)


def account(account_id="acc_1", refresh="refresh", access=None, where="us", **more):
    return Account(account_id, where, Tokens(refresh, access), **more)


def test_a_line_of_csv_is_an_account_at_the_stacks_data_center():
    found = read(HEADER, "acc_1,refresh")

    assert (found.rows, found.refusals) == ((Row(2, account()),), ())


def test_every_field_of_csv_has_its_place_and_columns_may_come_in_any_order():
    names = WITH_ALL.split(",")
    cells = ["acc_1", "refresh", "access", "de", '"Doe, ""J"" #1"', "cal_2  cal_1"]
    expected = account(
        access="access", where="de", user_refs=('Doe, "J" #1',), calendars=("cal_1", "cal_2")
    )

    assert read(WITH_ALL, ",".join(cells)).rows[0].account == expected
    assert read(",".join(names[::-1]), ",".join(cells[::-1])).rows[0].account == expected


def test_every_field_of_json_has_its_place():
    document = {
        "account_id": "acc_1",
        "refresh_token": "refresh",
        "access_token": "access",
        "data_center": "de",
        "user_ref": "Jörg",
        "calendars": ["cal_2", "cal_1", "cal_2"],
    }

    assert read(json.dumps(document)).rows == (
        Row(
            1,
            account(access="access", where="de", user_refs=("Jörg",), calendars=("cal_1", "cal_2")),
        ),
    )


def test_what_is_optional_may_be_empty_or_null():
    nothing = dict.fromkeys(("access_token", "data_center", "user_ref", "calendars"))
    document = {"account_id": "acc_1", "refresh_token": "refresh"}

    assert read(WITH_ALL, "acc_1,refresh,,,,").rows[0].account == account()
    assert read(json.dumps(document | nothing)).rows[0].account == account()


def test_marks_ends_of_lines_and_blank_lines_of_other_systems_are_no_matter():
    text = f"\ufeff\r\n{HEADER}\r\n\r\n  \r\nacc_1 , refresh\r\n\n"

    assert read(text.encode()).rows == (Row(5, account()),)
    lines = "\ufeff\r\n" + '{"account_id": "acc_1", "refresh_token": "refresh"}\r\n\r\n'
    assert read(lines.encode()).rows == (Row(2, account()),)


@pytest.mark.parametrize(
    ("header", "says"),
    [
        ("account_id,refresh_tokn", "Unknown columns: 'refresh_tokn'."),
        ("account_id,refresh_token,region,zone", "'region', 'zone'"),
        ("account_id,refresh_token,Zx81kSpectrum", "Unknown columns: number 3."),
        ("account_id,refresh_token,", "Unknown columns: number 3."),
        ("refresh_token", "no column account_id"),
        ("user_ref", "no column account_id and no column refresh_token"),
        ("account_id,refresh_token,account_id", "names a column twice"),
        ("acc_1,Zx81kSpectrum", "neither a header"),
        ("account_id;refresh_token", "neither a header"),
        ('"account_id', "neither a header"),
        ("[", "neither a header"),
        ("", "is empty"),
        ('{"account_id": "acc_1", "refresh_tokn": "Zx81kSpectrum"}', "'refresh_tokn'"),
    ],
)
def test_a_file_whose_columns_are_not_known_is_refused_as_a_whole(header, says):
    with pytest.raises(FileError) as refused:
        read(header, *(["acc_1,refresh"] if header else []))

    assert says in str(refused.value)
    assert "Zx81kSpectrum" not in str(refused.value)


def test_an_unknown_field_in_a_later_line_refuses_the_file_as_well():
    with pytest.raises(FileError, match="'calendar'"):
        read(
            '{"account_id": "acc_1", "refresh_token": "refresh"}',
            '{"account_id": "acc_2", "refresh_token": "refresh", "calendar": ["a"]}',
        )


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (",refresh,,,,", "account_id is missing"),
        ("acc_1,,,,,", "refresh_token is missing"),
        ("acc_1,re fresh,,,,", "refresh_token cannot be a token"),
        ("acc_1,refreşh,,,,", "refresh_token cannot be a token"),
        ("acc_1,refresh,acc\x01ess,,,", "access_token cannot be a token"),
        ("acc/1,refresh,,,,", "account_id cannot be an account's id"),
        ("refresh,acc_1,,,,", "the id and a token seem to have changed places"),
        ("same,same,,,,", "the id and a token seem to have changed places"),
        ("same,refresh,same,,,", "the id and a token seem to have changed places"),
        ("acc_1,refresh,,mars,,", "data_center is none of us, uk, de, au, ca, sg"),
        ("acc_1,refresh,,uk,,", "the stack has no client secret for the data center uk"),
        (f"acc_1,refresh,,,{'x' * 257},", "user_ref is not up to 256 printable characters"),
        ("acc_1,refresh,,,a\x07b,", "user_ref is not up to 256 printable characters"),
        (f"acc_1,refresh,,,,{'x' * 257}", "calendars must be a list of calendar ids"),
        ("acc_1,refresh", "has 2 cells, and the header 6"),
        ("acc_1,refresh,,,,,", "has 7 cells, and the header 6"),
        ('acc_1,"refresh,,,,', "is not valid CSV: a quote may lack its partner"),
        ('acc_1,"ref"resh,,,,', "is not valid CSV: a quote may lack its partner"),
        ("acc_9,refresh,,,,", "the account stands in line 2 already"),
    ],
)
def test_a_bad_line_of_csv_is_told_with_its_reason_and_the_others_go_on(line, reason):
    found = read(WITH_ALL, "acc_9,refresh,,,,", line, "acc_8,refresh,,,,")

    assert [row.account.account_id for row in found.rows] == ["acc_9", "acc_8"]
    ((number, said),) = [(each.line, each.reason) for each in found.refusals]
    assert (number, said[: len(reason)]) == (3, reason)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "is no JSON object"),
        ("[]", "is no JSON object"),
        ("acc_1,refresh", "is no JSON object"),
        ("[" * 100_000, "is no JSON object"),
        ('{"account_id": "acc_1", "account_id": "acc_2"}', "is no JSON object, or names a field"),
        ("{}", "account_id is missing"),
        ('{"account_id": " ", "refresh_token": "refresh"}', "account_id is missing"),
        ('{"account_id": 1, "refresh_token": "refresh"}', "account_id is no text"),
        ('{"account_id": "acc_1", "refresh_token": ["x"]}', "refresh_token is no text"),
        ('{"account_id": "acc_1", "refresh_token": "x", "access_token": 0}', "access_token is no"),
        ('{"account_id": "acc_1", "refresh_token": "x", "data_center": {}}', "data_center is no"),
        ('{"account_id": "acc_1", "refresh_token": "x", "user_ref": 42}', "user_ref is no text"),
        ('{"account_id": "acc_1", "refresh_token": "x", "user_ref": "\\ud800"}', "user_ref is not"),
        ('{"account_id": "acc_1", "refresh_token": "x", "calendars": 1}', "calendars must be"),
        ('{"account_id": "acc_1", "refresh_token": "x", "calendars": [1]}', "calendars must be"),
        ('{"account_id": "acc_1", "refresh_token": "x", "calendars": [""]}', "calendars must be"),
    ],
)
def test_a_bad_line_of_json_is_told_with_its_reason_and_the_others_go_on(line, reason):
    good = '{"account_id": "acc_9", "refresh_token": "refresh"}'

    found = read(good, line)

    assert [row.line for row in found.rows] == [1]
    ((number, said),) = [(each.line, each.reason) for each in found.refusals]
    assert (number, said[: len(reason)]) == (2, reason)


def test_a_byte_that_is_no_utf_8_costs_its_own_line_only():
    found = read(b"account_id,refresh_token,user_ref\nacc_1,r,J\xf6rg\nacc_2,r,J\xc3\xb6rg\n")

    assert [row.account.user_refs for row in found.rows] == [("Jörg",)]
    assert [each.line for each in found.refusals] == [2]


def test_a_line_that_was_refused_does_not_make_a_good_one_a_repetition():
    found = read(HEADER, "acc_1,", "acc_1,refresh")

    assert [row.line for row in found.rows] == [3]
    assert found.refusals == (Refusal(2, "refresh_token is missing"),)


def test_an_id_that_is_not_of_cronofys_form_is_taken_where_no_token_looks_like_one():
    assert read(HEADER, "user-1,refresh").rows[0].account.account_id == "user-1"


CHARACTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"
tokens = st.text(CHARACTERS, min_size=30, max_size=40).map(lambda text: f"{text}7")
anything = st.text(max_size=12) | st.sampled_from(
    [*FIELDS, "acc_1", "us", "mars", '"', "", ",", "{", '{"account_id":', "\n", "\r", "\ufeff"]
)
values = tokens | anything | st.none() | st.integers() | st.lists(tokens, max_size=2)


@st.composite
def files(draw):
    """A file that may be anything, with the token that must not come out in any place of it."""
    token = draw(tokens)
    cell = st.just(token) | anything
    kind = draw(st.sampled_from(["csv", "json", "raw"]))
    if kind == "csv":
        rows = draw(st.lists(st.lists(cell, max_size=6), max_size=5))
        head = draw(st.sampled_from([[], [*FIELDS], list(FIELDS[:2]), [*FIELDS[:2], token]]))
        written = io.StringIO()
        csv.writer(written).writerows([head, *rows])
        return token, written.getvalue().encode(errors="replace")
    if kind == "json":
        names = st.sampled_from([*FIELDS, token])
        rows = draw(st.lists(st.dictionaries(names, st.just(token) | values), max_size=5))
        return token, "\n".join(map(json.dumps, rows)).encode()
    return token, draw(st.lists(cell, max_size=12).map("".join)).encode(errors="replace")


def everything_said_of(content):
    """Return what a reader of *content* can come to see, but the ids of good lines."""
    try:
        found = import_files.read(content, data_center="us", check_data_center=check)
    except FileError as error:
        return str(error)
    return repr([found.refusals, [(row.line, row.account.tokens) for row in found.rows]])


@given(files())
def test_nothing_that_is_said_of_a_file_holds_a_token(given_file):
    token, content = given_file

    assert token not in everything_said_of(content)
