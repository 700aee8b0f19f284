"""What a listening socket must be, whichever event loop serves it."""

import asyncio
import socket

from gateway.server import bind


async def test_no_answer_waits_for_a_full_segment() -> None:
    delayed: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def look(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        delayed.set_result(writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        writer.close()

    with bind("127.0.0.1", 0) as listening:
        async with await asyncio.start_server(look, sock=listening):
            _, writer = await asyncio.open_connection(*listening.getsockname())
            async with asyncio.timeout(20):
                assert await delayed != 0
            writer.close()
