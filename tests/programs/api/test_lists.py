"""Pagination: 300 certificates, both orders, cursors at every edge."""

import json
import sqlite3
import time

import pytest

from judge import CERTIFICATES, error_of, judging

pytestmark = pytest.mark.both

COUNT = 300


@pytest.fixture(scope="module")
def ids(big, pem):
    """In the order of their upload; every third one active."""
    api = judging(big)
    made = [api.upload(pem, f"Number {number}") for number in range(COUNT)]
    api.activate(*made[::3])
    return made


def pages(client, query, after=""):
    """All pages: lists of items."""
    after = after and f"&after={after}"
    while True:
        page = client.call("GET", f"{client.scope}?{query}{after}")
        yield page["data"]
        if not page["has_more"]:
            return
        after = f"&after={page['last_id']}"


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("limit, project", [
    (1, None), (7, None), (99, None), (100, None), (7, "proj_a"), (100, "proj_a")])
def test_every_certificate_comes_once_and_in_order(big, ids, order, limit, project):
    client = judging(big, project=project)
    seen = list(pages(client, f"limit={limit}&order={order}"))
    assert [len(page) for page in seen[:-1]] == [limit] * (len(seen) - 1)
    items = [item for page in seen for item in page]
    assert [i["id"] for i in items] == (ids if order == "asc" else ids[::-1])
    active = {i["id"] for i in items if i["active"]}
    assert active == (set() if project else set(ids[::3]))


def test_20_newest_first_is_the_default(big, ids):
    page = judging(big).call("GET", CERTIFICATES)
    assert [c["id"] for c in page["data"]] == ids[:-21:-1]
    assert page["has_more"] is True


@pytest.mark.parametrize("after, limit, expected, more", [
    (0, 100, slice(1, 101), True),
    (199, 100, slice(200, 300), False),
    (198, 100, slice(199, 299), True),
    (298, 100, slice(299, 300), False),
    (299, 100, slice(300, 300), False),
])
def test_cursors_at_the_edges(big, ids, after, limit, expected, more):
    page = judging(big).call(
        "GET", f"{CERTIFICATES}?order=asc&limit={limit}&after={ids[after]}")
    assert [c["id"] for c in page["data"]] == ids[expected]
    assert page["has_more"] is more


def test_a_page_that_ends_with_the_list_has_no_more(big, ids):
    page = judging(big).call("GET", f"{CERTIFICATES}?limit=100&after={ids[100]}")
    assert len(page["data"]) == 100 and page["has_more"] is False


@pytest.mark.parametrize("query, param", [
    ("limit=0", "limit"), ("limit=101", "limit"), ("limit=-1", "limit"), ("limit=", "limit"),
    ("limit=1e1", "limit"), ("limit=99999999999999999999", "limit"), ("limit=%2010", "limit"),
    ("limit=1&limit=2", "limit"), ("order=up", "order"), ("order=", "order"),
    ("order=ASC", "order"), ("after=", "after"), ("after=cert_unknown", "after"),
    ("after=..%2f..", "after"), ("after=a&after=b", "after"),
])
def test_bad_parameters_are_named(big, ids, query, param):
    status, _, named = error_of(judging(big).request("GET", f"{CERTIFICATES}?{query}"))
    assert (status, named) == (400, param)


def test_a_cursor_that_was_deleted_meanwhile_is_refused(big, ids, pem):
    api = judging(big)
    gone = api.upload(pem)
    api.delete(gone)
    status, code, param = error_of(api.request("GET", f"{CERTIFICATES}?after={gone}"))
    assert (status, code, param) == (400, "invalid_cursor", "after")


def test_the_empty_list_has_no_ids(api):
    page = api.call("GET", CERTIFICATES)
    assert page == {"object": "list", "data": [], "first_id": None, "last_id": None,
                    "has_more": False}


def test_an_upload_while_paging_moves_nobody(big, ids, pem):
    """Oldest first, as a sync reads: what comes meanwhile comes at the end."""
    api = judging(big)
    first = api.call("GET", f"{CERTIFICATES}?order=asc&limit=100")
    late = api.upload(pem)
    rest = [c["id"] for page in pages(api, "order=asc&limit=100", first["last_id"])
            for c in page]
    assert [c["id"] for c in first["data"]] + rest[:200] == ids
    api.delete(late)


@pytest.mark.file
@pytest.mark.parametrize("order", ["ASC", "DESC"])
def test_a_page_is_found_by_index_and_not_by_sorting(big, ids, order):
    """What makes the last page of 100,000 as fast as the first."""
    sign = ">" if order == "ASC" else "<"
    text = (f"SELECT c.id FROM certificates c WHERE (c.created_at, c.seq) {sign} (1, 1)"
            f" ORDER BY c.created_at {order}, c.seq {order} LIMIT 100")
    database = sqlite3.connect(f"file:{big.db}?mode=ro", uri=True)
    plan = " ".join(row[3] for row in database.execute("EXPLAIN QUERY PLAN " + text))
    database.close()
    assert "USING" in plan and "INDEX certificates_by_time" in plan, plan
    assert "SCAN" not in plan and "TEMP B-TREE" not in plan, plan


@pytest.mark.parametrize("order", ["asc", "desc"])
def test_equal_and_backward_clocks_keep_the_order_stable(organization, pem, order):
    api = judging(organization)
    made = [api.upload(pem) for _ in range(9)]
    organization.stop()
    for cert_id, created in zip(made, [5, 5, 5, 3, 3, 9, 9, 1, 5]):
        organization.sql(f"UPDATE certificates SET created_at = {created}"
                         f" WHERE id = '{cert_id}'")
    organization.start()
    api = judging(organization)
    expected = [made[i] for i in (7, 3, 4, 0, 1, 2, 8, 5, 6)]
    for limit in (1, 2, 4):
        got = [c["id"] for page in pages(api, f"order={order}&limit={limit}") for c in page]
        assert got == (expected if order == "asc" else expected[::-1])


def test_100000_certificates_page_as_fast_at_the_end(tmp_path):
    """Rows are put there directly; only the server's reading is under test."""
    from support.organization import Organization

    org = Organization(tmp_path / "huge", max_certificates=200000)
    try:
        org.sql(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)"
            " INSERT INTO certificates (id, name, created_at, valid_at, expires_at)"
            " SELECT 'cert_' || substr(CAST(1000000 + i AS text), 2), 'Name ' || i,"
            " 1000000 + i / 7, 0, 4000000000 FROM n")
        api = judging(org)

        def seconds(after):
            """Of a page that nobody asked for before: none is kept."""
            began = time.perf_counter()
            status, _, content = api.request(
                "GET", f"{CERTIFICATES}?order=asc&limit=100&after=cert_{after:06}")
            assert status == 200 and len(json.loads(content)["data"]) == 100
            return time.perf_counter() - began

        # In turn, so that whatever else the machine does meets both.
        pairs = [(seconds(1 + turn), seconds(99899 - turn)) for turn in range(40)]
        first, last = (min(times) for times in zip(*pairs))
        assert last < 3 * first, (first, last)
    finally:
        org.stop()
