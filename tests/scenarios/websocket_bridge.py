#!/usr/bin/python3
"""websocket_bridge PORT CERTIFICATE KEY CLIENT_CA BROKER_PORT: Debian's
python3-websockets in front of a broker that speaks no WebSocket itself."""
import asyncio
import ssl
import sys

import websockets


async def main(port, certificate, key, authority, broker_port):
    async def serve(socket, *_):
        reader, writer = await asyncio.open_connection("127.0.0.1", broker_port)

        async def to_agent():
            while data := await reader.read(65536):
                await socket.send(data)
            await socket.close()

        back = asyncio.ensure_future(to_agent())
        try:
            async for message in socket:
                writer.write(message)
        except websockets.ConnectionClosed:
            pass
        writer.close()
        await asyncio.wait([back], timeout=2)

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    context.load_verify_locations(authority)
    context.verify_mode = ssl.CERT_REQUIRED
    async with websockets.serve(serve, "127.0.0.1", port, ssl=context,
                                subprotocols=["mqtt"], ping_interval=0.5):
        await asyncio.Future()


asyncio.run(main(int(sys.argv[1]), *sys.argv[2:5], int(sys.argv[5])))
