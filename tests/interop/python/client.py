"""The Python clients (PyPI `mcp` and `fastmcp`), told on the command line what to do: the steps of
tests/interop/client_process.ts. Knows nothing of a gate.

Usage: client.py LIBRARY MODE URL KEY STEP...
LIBRARY is "mcp" or "fastmcp", or with "-sse" behind it the same on the transport of 2024-11-05; MODE
is "auto", "legacy" or a revision.
"""

import asyncio
import json
import sys
import time
from contextlib import asynccontextmanager


def tell(**event):
    print(json.dumps(event), flush=True)


class Official:
    """PyPI `mcp`."""

    @staticmethod
    def connect(url, key, mode):
        import mcp
        from mcp.client.streamable_http import streamable_http_client
        from mcp.shared._httpx_utils import create_mcp_http_client

        @asynccontextmanager
        async def connected():
            async with create_mcp_http_client(headers={"authorization": f"Bearer {key}"}) as http:
                transport = streamable_http_client(url, http_client=http)
                async with mcp.Client(transport, mode=mode) as client:
                    yield client

        return connected()

    @staticmethod
    async def tools(client):
        return (await client.list_tools()).tools

    @staticmethod
    async def call(client, tool, arguments, on_progress):
        return await client.call_tool(tool, arguments, progress_callback=on_progress)


class OfficialOverSSE(Official):
    """PyPI `mcp` on the transport of 2024-11-05."""

    @staticmethod
    def connect(url, key, mode):
        import mcp
        from mcp.client.sse import sse_client

        transport = sse_client(url, headers={"authorization": f"Bearer {key}"})
        return mcp.Client(transport, mode=mode)


class FastMCP:
    """PyPI `fastmcp`."""

    @staticmethod
    def connect(url, key, mode):
        import fastmcp
        from fastmcp.client.transports import StreamableHttpTransport

        transport = StreamableHttpTransport(url, headers={"authorization": f"Bearer {key}"})
        return fastmcp.Client(transport, mode=mode)

    @staticmethod
    async def tools(client):
        return await client.list_tools()

    @staticmethod
    async def call(client, tool, arguments, on_progress):
        return await client.call_tool(tool, arguments, progress_handler=on_progress)


class FastMCPOverSSE(FastMCP):
    """PyPI `fastmcp` on the transport of 2024-11-05."""

    @staticmethod
    def connect(url, key, mode):
        import fastmcp
        from fastmcp.client.transports import SSETransport

        transport = SSETransport(url, headers={"authorization": f"Bearer {key}"})
        return fastmcp.Client(transport, mode=mode)


LIBRARIES = {
    "mcp": Official,
    "mcp-sse": OfficialOverSSE,
    "fastmcp": FastMCP,
    "fastmcp-sse": FastMCPOverSSE,
}


def leaves(error):
    """The leaves of an exception group."""
    if isinstance(error, BaseExceptionGroup):
        return [leaf for inner in error.exceptions for leaf in leaves(inner)]
    return [error]


def tell_failure(step, started, error):
    failures = leaves(error)
    codes = [getattr(failure, "code", None) for failure in failures]
    tell(
        step=step,
        ms=elapsed(started),
        error=" ".join(str(failure) for failure in failures),
        code=next((code for code in codes if isinstance(code, int)), None),
    )


def elapsed(started):
    return round((time.monotonic() - started) * 1000)


async def on_progress(progress, total, message):
    tell(progress=progress)


async def take(library, client, step):
    verb, _, rest = step.partition(" ")
    if verb == "list":
        return " ".join(tool.name for tool in await library.tools(client))
    tool, _, arguments = rest.partition(" ")
    result = await library.call(client, tool, json.loads(arguments), on_progress)
    return result.content[0].text


async def run(library, mode, url, key, steps):
    connecting = library.connect(url, key, mode)
    started = time.monotonic()
    try:
        async with connecting as client:
            tell(step="connect", ms=elapsed(started), ok=client.protocol_version)
            started = None
            for step in steps:
                if step == "pause":
                    tell(step=step, ms=0, ok="")
                    await asyncio.to_thread(sys.stdin.readline)
                    continue
                began = time.monotonic()
                try:
                    ok = await take(library, client, step)
                    tell(step=step, ms=elapsed(began), ok=ok)
                except Exception as error:
                    tell_failure(step, began, error)
    except Exception as error:
        if started is None:
            raise
        tell_failure("connect", started, error)


def main():
    name, mode, url, key, *steps = sys.argv[1:]
    asyncio.run(run(LIBRARIES[name], mode, url, key, steps))


main()
