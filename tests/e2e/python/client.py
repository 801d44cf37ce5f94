"""The official Python client (PyPI `mcp` 2.x), told on the command line what to do.

Usage: client.py URL KEY MODE TOOL...

Connects in MODE ("auto", "legacy" or a revision), lists the tools, then calls each TOOL. Prints one
line of JSON for each thing that happens, at once. Knows nothing of a gate.
"""

import asyncio
import json
import sys

from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client


def tell(**event):
    print(json.dumps(event), flush=True)


async def on_progress(progress, total, message):
    tell(progress=progress)


def flat(error):
    """The leaves of an exception group, as text."""
    if isinstance(error, BaseExceptionGroup):
        return " ".join(flat(inner) for inner in error.exceptions)
    return str(error)


async def run(url, key, mode, tools):
    async with create_mcp_http_client(headers={"authorization": f"Bearer {key}"}) as http:
        transport = streamable_http_client(url, http_client=http)
        async with Client(transport, mode=mode, read_timeout_seconds=20) as client:
            tell(protocol=client.protocol_version)
            tell(tools=[tool.name for tool in (await client.list_tools()).tools])
            for tool in tools:
                try:
                    arguments = {"text": "hi"} if tool == "echo" else {}
                    result = await client.call_tool(
                        tool, arguments, progress_callback=on_progress
                    )
                    tell(tool=tool, text=result.content[0].text)
                except Exception as error:
                    tell(tool=tool, error=flat(error))


def main():
    url, key, mode, *tools = sys.argv[1:]
    try:
        asyncio.run(run(url, key, mode, tools))
    except Exception as error:
        tell(failed=flat(error))


main()
