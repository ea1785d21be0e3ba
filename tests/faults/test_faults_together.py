"""Contents that are asked for together, where the API says that it gives them: whatever comes
of that, a sync ends as one that asked for each."""

import pytest
from fault_server import Answer, error
from support.world import AUTH, PROTOCOL, RATE

COUNT = 60


@pytest.fixture
def giving(api, roots):
    api.gives_contents = True
    for number in range(COUNT):
        api.add(roots[number % len(roots)], name=f"Number {number}")
    return api


def whole(machine):
    """All of it is there, as the API has it: in which order, the dates of the roots decide."""
    shown = machine.status()
    assert (shown["active"], shown["quarantined"], shown["last_error"]) == (COUNT, [], None)
    assert sorted(cert["id"] for cert in machine.listed()) == sorted(
        cert["id"] for cert in machine.api.certs)


def counts(api) -> tuple[int, int, int]:
    return tuple(map(api.count, ("list", "contents", "get")))


def test_contents_are_asked_for_by_the_half_hundred(machine, giving):
    machine.sync()
    whole(machine)
    assert counts(giving) == (1, 2, 0)
    asked = [request.query["ids"].split(",") for request in giving.requests
             if request.kind == "contents"]
    assert sorted(map(len, asked)) == [10, 50]


def test_one_alone_is_asked_for_by_itself(machine, giving, roots):
    machine.sync()
    giving.forget()
    giving.add(roots[0], name="one more")
    machine.sync()
    assert (giving.count("contents"), giving.count("get")) == (0, 1)


def test_who_does_not_say_so_is_not_asked(machine, giving):
    giving.gives_contents = False
    machine.sync()
    whole(machine)
    assert counts(giving) == (1, 0, COUNT)


def broken(body):
    return "{"


def another_object(body):
    return body | {"object": "page"}


def evil_id(body):
    body["data"][3]["id"] = "../../x"


@pytest.mark.parametrize("answer", [
    *(error(status, "not here") for status in (403, 404, 414)),
    broken, another_object, evil_id, Answer(body=b" " * (5 << 20)),
    Answer(301, headers={"Location": "/v1/elsewhere"}), Answer(body="<html>",
                                                               content_type="text/html")],
    ids=lambda answer: getattr(answer, "__name__", getattr(answer, "status", None)))
def test_where_that_is_refused_each_is_asked_for(machine, giving, answer):
    giving.on("contents", answer if isinstance(answer, Answer)
              else lambda request, right: right.changed(answer))
    machine.sync()
    whole(machine)
    assert 1 <= giving.count("contents") <= 2 and giving.count("get") == COUNT


def test_what_an_answer_leaves_out_is_asked_for(machine, giving):
    def fewer(body):
        del body["data"][:2]
        del body["data"][3]["certificate_details"]["content"]
        body["data"][4]["certificate_details"]["content"] = None
        body["data"][5]["id"] = "cert_that_nobody_asked_for"

    giving.on("contents", lambda request, right: right.changed(fewer))
    machine.sync()
    whole(machine)
    assert counts(giving) == (1, 2, 2 * 5)


def test_what_was_deleted_meanwhile_is_not_there(machine, giving):
    def delete(request, right):
        giving.remove("cert_000000000000000000000007")
        return giving._right(request)

    giving.on("contents", delete, nth=0)
    machine.sync()
    assert machine.status()["active"] == COUNT - 1
    assert giving.count("get") == 1


def test_a_bad_certificate_among_them_is_quarantined(machine, giving):
    giving.contents["cert_000000000000000000000003"] = "no certificate"
    machine.sync()
    shown = machine.status()
    assert (shown["active"], len(shown["quarantined"])) == (COUNT - 1, 1)


@pytest.mark.parametrize("answer,status", [
    (error(401, "Incorrect API key provided."), AUTH),
    (error(429, "Slow down.", Retry_After="3600"), RATE),
    (error(500, "Out of order."), PROTOCOL)])
def test_a_failure_is_one_of_the_sync(machine, giving, answer, status):
    giving.on("contents", answer)
    done = machine.sync(status=status)
    assert "cannot get several certificates" in done.stderr
    assert giving.count("get") == 0
    giving.heal()
    machine.sync()
    whole(machine)
