"""A worker's end of the channel to the first process (`workers`): lines of JSON, both ways."""

import asyncio
import itertools
import json
import socket
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

LONGEST_LINE = 1 << 26  # the metrics of many labels

Answer = Callable[[], Awaitable[object]]


class Channel:
    """Asks all workers, answers their questions, and obeys."""

    def __init__(self, connection: socket.socket):
        self._connection = connection
        self._writer: asyncio.StreamWriter | None = None
        self._numbers = itertools.count(1)
        self._asked: dict[int, asyncio.Future[list[Any]]] = {}
        self._tasks: set[asyncio.Task] = set()

    async def open(self, answers: Mapping[str, Answer], commands: Mapping[str, Callable[[], None]]) -> None:
        """Begin to listen, and say that this worker answers requests.

        Args:
            answers: for each question, what returns the answer.
            commands: what to do at a word of the first process; at its end `drain`.
        """
        reader, self._writer = await asyncio.open_connection(sock=self._connection, limit=LONGEST_LINE)
        self._keep(self._listen(reader, answers, commands))
        self._tell(ready=True)

    async def ask(self, what: str) -> list[Any]:
        """Return the answers of all workers to a question."""
        number = next(self._numbers)
        future = self._asked[number] = asyncio.get_running_loop().create_future()
        self._tell(ask=what, id=number)
        try:
            return await future
        finally:
            del self._asked[number]

    async def _listen(
        self, reader: asyncio.StreamReader, answers: Mapping[str, Answer], commands: Mapping[str, Callable[[], None]]
    ) -> None:
        while line := await reader.readline():
            message = json.loads(line)
            if "answers" in message:
                future = self._asked.get(message["to"])
                if future is not None and not future.done():
                    future.set_result(message["answers"])
            elif message["do"] in answers:
                self._keep(self._answer(answers[message["do"]], message["to"]))
            else:
                commands[message["do"]]()
        commands["drain"]()  # the first process is gone

    async def _answer(self, answer: Answer, to: int) -> None:
        self._tell(answer=await answer(), to=to)

    def _tell(self, **message: object) -> None:
        assert self._writer is not None
        self._writer.write(json.dumps(message).encode() + b"\n")

    def _keep(self, coroutine: Any) -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
