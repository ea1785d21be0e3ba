"""Rows 1 to 9: a listing is whole and consistent, or it changes nothing."""

import itertools

import pytest
from fault_server import Answer, error
from support.world import EMPTY, PROTOCOL


def page(api, *ids, more, last=...):
    """A list page of these certificates."""
    return Answer(body={
        "object": "list",
        "data": [api.item(i) for i in ids],
        "first_id": ids[0] if ids else None,
        "last_id": (ids[-1] if ids else None) if last is ... else last,
        "has_more": more,
    })


@pytest.fixture
def paged(synced, api, certs):
    """Five certificates, two a page; two of them are new since the last sync."""
    for i in range(2):
        api.add(certs.ca(f"Paged {i}"))
    api.page_limit = 2
    return synced


def ids(api):
    return [c["id"] for c in api.certs]


def test_fault_01_a_repeated_page_ends_the_sync(paged, api):
    a, b, *_ = ids(api)
    api.on("list", page(api, a, b, more=True))
    paged.sync_keeps(PROTOCOL, "cursor")
    assert api.count("list") <= 4, "it went round and round"
    assert api.count("get") == 0
    paged.heals(5)


def test_fault_01_a_cycle_of_cursors_ends_the_sync(paged, api):
    a, b, c, d, e = ids(api)
    ring = itertools.cycle([page(api, a, b, more=True), page(api, c, d, more=True),
                            page(api, e, a, more=True)])
    api.on("list", lambda request, right: next(ring))
    paged.sync_keeps(PROTOCOL)
    assert api.count("list") <= 8
    paged.heals(5)


def test_fault_01_a_cursor_that_never_moves_ends_the_sync(paged, api):
    a, b, c, d, e = ids(api)
    pages = iter([page(api, a, b, more=True), page(api, c, d, more=True, last=b)])
    api.on("list", lambda request, right: next(pages, page(api, e, more=True, last=b)))
    paged.sync_keeps(PROTOCOL)
    assert api.count("list") <= 8
    paged.heals(5)


def test_fault_02_endless_pages_end_at_a_cap(synced, api, roots):
    details = api.certs[0]

    def endless(request, right):
        made = details | {"id": f"cert_{request.number:024d}"}
        return Answer(body={"object": "list", "data": [made], "first_id": made["id"],
                            "last_id": made["id"], "has_more": True})

    api.on("list", endless)
    synced.sync_keeps(PROTOCOL, "pages", timeout=300)
    assert api.count("list") <= 10_001
    assert api.count("get") == 0, "content is fetched only for a whole listing"
    synced.heals(3)


def test_fault_03_without_last_id_the_last_item_is_the_cursor(paged, api):
    api.on("list", lambda request, right: right.changed(lambda b: b | {"last_id": None}))
    paged.sync()
    assert [r.query.get("after") for r in api.requests if r.kind == "list"] == \
        [None, ids(api)[1], ids(api)[3]]
    assert paged.count() == 5


def test_fault_03_without_last_id_an_old_last_item_ends_the_sync(paged, api):
    a, b, c, *_ = ids(api)
    api.on("list", page(api, a, b, more=True), nth=0)
    for nth in range(1, 6):
        api.on("list", page(api, c, b, more=True, last=None), nth=nth)
    paged.sync_keeps(PROTOCOL)
    paged.heals(5)


def test_fault_04_an_empty_page_with_more_to_come_ends_the_sync(paged, api):
    api.on("list", page(api, more=True), nth=1)
    paged.sync_keeps(PROTOCOL, "has_more")
    paged.heals(5)


def test_fault_04_an_empty_first_page_with_more_to_come_ends_the_sync(paged, api):
    api.on("list", page(api, more=True))
    paged.sync_keeps(PROTOCOL, "has_more")


def remove(*path):
    def change(body):
        for step in path[:-1]:
            body = body[step]
        del body[path[-1]]
    return change


def put(value, *path):
    def change(body):
        for step in path[:-1]:
            body = body[step]
        body[path[-1]] = value
    return change


WRONG_LIST = {
    "has_more missing": (remove("has_more"), "has_more"),
    "has_more text": (put("true", "has_more"), "has_more"),
    "has_more null": (put(None, "has_more"), "has_more"),
    "has_more number": (put(1, "has_more"), "has_more"),
    "data missing": (remove("data"), "data"),
    "data object": (put({}, "data"), "data"),
    "data null": (put(None, "data"), "data"),
    "object other": (put("page", "object"), "object"),
    "object missing": (remove("object"), "object"),
    "last_id number": (put(7, "last_id"), "last_id"),
    "item text": (put("cert_1", "data", 1), "data[1]"),
    "item object other": (put("certificate", "data", 1, "object"), "data[1].object"),
    "id missing": (remove("data", 1, "id"), "data[1].id"),
    "id number": (put(1, "data", 1, "id"), "data[1].id"),
    "id null": (put(None, "data", 1, "id"), "data[1].id"),
    "id empty": (put("", "data", 1, "id"), "data[1].id"),
    "name number": (put(1, "data", 1, "name"), "data[1].name"),
    "created_at text": (put("now", "data", 1, "created_at"), "data[1].created_at"),
    "created_at fraction": (put(1.5, "data", 1, "created_at"), "data[1].created_at"),
    "active text": (put("yes", "data", 1, "active"), "data[1].active"),
    "active null": (put(None, "data", 1, "active"), "data[1].active"),
    "active missing": (remove("data", 1, "active"), "data[1].active"),
    "details missing": (remove("data", 1, "certificate_details"), "certificate_details"),
    "details list": (put([], "data", 1, "certificate_details"), "certificate_details"),
    "expires_at text": (put("x", "data", 1, "certificate_details", "expires_at"),
                        "expires_at"),
    "whole list": (lambda body: [body], "object"),
}


@pytest.mark.parametrize("wrong", WRONG_LIST, ids=lambda w: w.replace(" ", "_"))
def test_fault_05_a_field_of_the_wrong_type_in_a_list(synced, api, wrong):
    change, field = WRONG_LIST[wrong]
    api.on("list", lambda request, right: right.changed(change))
    synced.sync_keeps(PROTOCOL, field)
    assert api.count("list") == 1, "what is not the API is not asked again"


WRONG_CERTIFICATE = {
    "object other": (put("organization", "object"), "object"),
    "id missing": (remove("id"), "id"),
    "content number": (put(5, "certificate_details", "content"), "content"),
    "details missing": (remove("certificate_details"), "certificate_details"),
    "name list": (put([], "name"), "name"),
}


@pytest.mark.parametrize("wrong", WRONG_CERTIFICATE, ids=lambda w: w.replace(" ", "_"))
def test_fault_05_a_field_of_the_wrong_type_in_a_certificate(synced, api, certs, wrong):
    change, field = WRONG_CERTIFICATE[wrong]
    api.add(certs.ca("Wrong"))
    api.on("get", lambda request, right: right.changed(change))
    synced.sync_keeps(PROTOCOL, field)
    synced.heals(4)


def test_fault_06_an_identical_duplicate_counts_once(paged, api):
    a, b, c, d, e = ids(api)
    pages = [page(api, a, b, more=True), page(api, b, c, d, more=True),
             page(api, e, more=False)]
    api.on("list", lambda request, right: pages[request.nth])
    paged.sync()
    assert paged.count() == 5
    assert len(paged.listed()) == 5


def conflicting(api):
    a, b, c, *_ = ids(api)
    second = page(api, b, c, more=False).changed(put("renamed", "data", 0, "name"))
    return page(api, a, b, more=True), second


def test_fault_07_a_conflicting_duplicate_restarts_the_listing(paged, api):
    first, second = conflicting(api)
    api.on("list", first, nth=0)
    api.on("list", second, nth=1)
    paged.sync()
    afters = [r.query.get("after") for r in api.requests if r.kind == "list"]
    assert afters[2] is None, "the listing began anew"
    assert paged.count() == 5


def test_fault_07_conflicting_duplicates_twice_end_the_sync(paged, api):
    first, second = conflicting(api)
    api.on("list", lambda request, right: second if "after" in request.query else first)
    paged.sync_keeps(PROTOCOL, ids(api)[1])
    assert api.count("list") == 4, "two listings of two pages"
    paged.heals(5)


def test_fault_08_a_certificate_that_went_away_is_dropped(synced, api, certs):
    gone = api.add(certs.ca("Going"))
    stays = api.add(certs.ca("Staying"))

    def vanish(request, right):
        api.remove(gone)
        return error(404, "No such certificate")

    api.on("get", vanish, cert_id=gone, nth=None)
    synced.sync()
    assert synced.count() == 4
    assert stays in [c["id"] for c in synced.listed()]
    assert gone not in [c["id"] for c in synced.listed()]


def test_fault_08_listed_but_not_there_ends_the_sync(synced, api, certs):
    odd = api.add(certs.ca("Listed only"))
    api.on("get", error(404, "No such certificate"), cert_id=odd)
    synced.sync_keeps(None, odd)
    assert api.count("list") == 2, "listed once more to be sure"
    synced.heals(4)


@pytest.mark.parametrize("status", [400, 404])
def test_fault_09_a_vanished_cursor_restarts_the_listing(paged, api, status):
    cursor = ids(api)[1]

    def vanish(request, right):
        api.remove(cursor)
        return error(status, "No such certificate: after")

    api.on("list", vanish, nth=1)
    paged.sync()
    afters = [r.query.get("after") for r in api.requests if r.kind == "list"]
    assert afters[:3] == [None, cursor, None]
    assert cursor not in [c["id"] for c in paged.listed()]
    assert paged.count() == 4


@pytest.mark.parametrize("status", [400, 404])
def test_fault_09_cursors_that_keep_vanishing_end_the_sync(paged, api, status):
    def vanish(request, right):
        return error(status, "No such cursor") if "after" in request.query else right

    api.on("list", vanish)
    paged.sync_keeps(None)
    assert api.count("list") == 4
    paged.heals(5)


@pytest.fixture
def halved(machine, api, roots):
    """Ten certificates, five a page."""
    for i in range(10):
        api.add(roots[i % 3], name=f"of ten {i}")
    api.page_limit = 5
    machine.sync()
    api.forget()
    return machine


EMPTY_PAGE = Answer(body={"object": "list", "data": [], "first_id": None, "last_id": None,
                          "has_more": False})


def test_fault_66_an_empty_page_where_more_was_promised_begins_again(halved, api):
    api.on("list", EMPTY_PAGE, nth=1)
    halved.sync()
    afters = [r.query.get("after") for r in api.requests if r.kind == "list"]
    assert afters == [None, ids(api)[4], None, ids(api)[4]]
    assert halved.count() == 10


def test_fault_66_a_first_sync_is_not_content_with_half_either(machine, api, roots):
    for i in range(10):
        api.add(roots[i % 3], name=f"of ten {i}")
    api.page_limit = 5
    api.on("list", EMPTY_PAGE, nth=1)
    machine.sync()
    assert machine.count() == 10


def test_fault_66_an_empty_page_is_believed_when_a_second_pass_has_it_too(machine, api, roots):
    """An API whose has_more is true at the end of a full page."""
    for i in range(5):
        api.add(roots[i % 3], name=f"of five {i}")
    api.page_limit = 5
    api.on("list", lambda request, right: EMPTY_PAGE if "after" in request.query
           else right.changed(put(True, "has_more")))
    machine.sync()
    assert machine.count() == 5
    assert api.count("list") == 4


def test_fault_66_two_passes_that_end_differently_are_not_believed(halved, api):
    api.on("list", EMPTY_PAGE, nth=1)
    api.on("list", EMPTY_PAGE, nth=3)
    api.on("list", lambda request, right: right.changed(put("renamed", "data", 0, "name")),
           nth=2)
    halved.sync_keeps(PROTOCOL, "says that more follow", "twice")
    halved.heals(10)


def test_fault_66_less_than_half_needs_a_second_listing(halved, api):
    gone = api.certs[4:]
    del api.certs[4:]

    def back(request, right):
        api.certs.extend(gone)
        return right

    api.on("list", back, nth=0)
    halved.sync_keeps(EMPTY, "4 active certificates (of 4)", "10 (of 10)", "--accept-empty")
    halved.heals(10)


@pytest.mark.parametrize("kept, pages", [(4, 2), (5, 1), (9, 2)])
def test_fault_66_what_two_listings_agree_on_is_believed(halved, api, kept, pages):
    """Below half two listings of one page; else one, of one page or two."""
    del api.certs[kept:]
    halved.sync()
    assert halved.count() == kept
    assert api.count("list") == pages


def test_fault_66_fewer_active_ones_are_fewer_too(halved, api):
    for cert in api.certs[2:]:
        cert["active"] = False
    halved.sync()
    assert halved.count() == 2
    assert api.count("list") == 4, "two listings of two pages"
