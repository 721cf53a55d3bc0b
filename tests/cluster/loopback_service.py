"""What a Service and kube-proxy do in a cluster: one address, and each new connection goes to one of the endpoints.

Connections that are open stay with their endpoint, also when it is taken out; without endpoints a connection is refused.
"""
import asyncio
import threading

from control_plane import free_port
from server_process import PATIENCE

BLOCK = 64 * 1024


class LoopbackService:
    def __init__(self):
        self.port = free_port()
        self.endpoints = []
        self.opened = 0
        self._listener = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def set(self, ports):
        """The ports that connections are spread over from now on."""
        asyncio.run_coroutine_threadsafe(self._set(list(ports)), self._loop).result(PATIENCE)

    async def _set(self, ports):
        self.endpoints = ports
        if ports and self._listener is None:
            self._listener = await asyncio.start_server(self._connect, "127.0.0.1", self.port)
        elif not ports and self._listener is not None:
            self._listener.close()
            self._listener = None

    async def _connect(self, reader, writer):
        self.opened += 1
        try:
            port = self.endpoints[self.opened % len(self.endpoints)]
            to_reader, to_writer = await asyncio.open_connection("127.0.0.1", port)
        except (OSError, ZeroDivisionError):
            writer.transport.abort()
            return
        await asyncio.gather(self._pump(reader, to_writer), self._pump(to_reader, writer))
        for each in (writer, to_writer):
            each.close()

    @staticmethod
    async def _pump(reader, writer):
        try:
            while block := await reader.read(BLOCK):
                writer.write(block)
                await writer.drain()
            writer.write_eof()
        except OSError:
            writer.transport.abort()

    def stop(self):
        self.set([])
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE)
