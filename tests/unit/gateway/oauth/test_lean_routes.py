"""A lean route leaves FastAPI's work out, never the caller's check."""

from typing import Annotated, Any

import pytest
from fastapi import APIRouter, BackgroundTasks, Depends, Header, Query, Request, Response

from gateway.oauth.callers import PUBLIC, CallerDep
from gateway.oauth.errors import UndeclaredCaller
from gateway.oauth.lean import LeanRoute


async def no_caller(request: Request) -> Response:
    return Response(request.method)


async def without_request(caller: CallerDep) -> Response:
    return Response(caller.client)


async def with_query(request: Request, caller: CallerDep, limit: Annotated[int, Query()] = 1) -> Response:
    return Response(f"{request.method}{caller}{limit}")


async def with_header(request: Request, caller: CallerDep, accept: Annotated[str, Header()] = "") -> Response:
    return Response(f"{request.method}{caller}{accept}")


async def with_number(request: Request, caller: CallerDep, code: int) -> Response:
    return Response(f"{request.method}{caller}{code}")


async def with_tasks(request: Request, caller: CallerDep, tasks: BackgroundTasks) -> Response:
    return Response(f"{request.method}{caller}{tasks}")


async def with_two(request: Request, caller: CallerDep, more: Annotated[None, PUBLIC]) -> Response:
    return Response(f"{request.method}{caller}{more}")


async def nested(caller: CallerDep) -> str:
    return caller.client


async def with_nested(request: Request, name: Annotated[str, Depends(nested)]) -> Response:
    return Response(f"{request.method}{name}")


@pytest.mark.parametrize(
    "handler", [no_caller, without_request, with_query, with_header, with_number, with_tasks, with_two, with_nested]
)
def test_a_route_that_asks_for_anything_but_its_caller_cannot_be_lean(handler: Any) -> None:
    router = APIRouter(route_class=LeanRoute)
    with pytest.raises(UndeclaredCaller):
        router.get("/v1/{code}" if handler is with_number else "/v1/lean")(handler)


async def test_what_is_added_to_a_lean_route_from_outside_is_not_left_out_in_silence(make_gateway: Any) -> None:
    inner, outer = APIRouter(route_class=LeanRoute), APIRouter()

    async def quota() -> None:
        """Stand for a check that somebody puts before a whole router."""

    @inner.get("/v1/lean")
    async def lean(request: Request, caller: CallerDep) -> Response:
        return Response(f"{request.method}{caller.client}")

    outer.include_router(inner, dependencies=[Depends(quota)])
    with pytest.raises(UndeclaredCaller, match="/v1/lean"):
        async with make_gateway(outer):
            pass


async def test_a_lean_route_checks_its_caller_and_hands_over_the_path(make_gateway: Any) -> None:
    router = APIRouter(route_class=LeanRoute)

    @router.get("/v1/lean/{code}")
    async def lean(request: Request, code: str, caller: CallerDep) -> Response:
        return Response(f"{request.method} {code} {caller.purpose}")

    async with make_gateway(router) as gateway:
        assert (await gateway.client.get("/v1/lean/x")).status_code == 401
