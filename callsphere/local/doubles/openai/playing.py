"""A script being played: the caller speaks, and the model does what the script says when it is asked to."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from callsphere.local.doubles.openai import sessions
from callsphere.local.doubles.openai.arguments import fitted
from callsphere.local.doubles.openai.calls import Call, Ways, new_id
from callsphere.local.doubles.openai.conversation import Conversation
from callsphere.local.doubles.openai.faults import RESPONSE, Faults
from callsphere.local.doubles.openai.scripts import Step, filled
from callsphere.local.doubles.openai.speech import Response, Spoken, Wanted, hear
from callsphere.local.doubles.openai.usage import seconds_of

_BEFORE_CALLER_S, _BEFORE_MODEL_S = 0.7, 0.5
_ENDING = ["hang_up", "end_call"]
"""Names of the function with which a model ends a call."""
_AT_A_LOSS = "Is there anything else I can do for you?"


class _NobodyAnswers(Exception):
    """The caller has waited long enough."""


class Play:
    """One call's script."""

    def __init__(self, conversation: Conversation, ways: Ways, faults: Faults) -> None:
        self._conversation = conversation
        self._faults = faults
        self._call: Call = conversation.call
        self._ways = ways
        self._results: dict[str, Any] = {}
        self._ms = 0
        self._acts = {
            "caller": self._speak,
            "keys": self._press,
            "silence": self._be_silent,
            "function": self._call_function,
            "agent": self._say,
            "hang_up": self._hang_up,
        }

    async def run(self) -> None:
        """Play until somebody hangs up. Whoever waits in vain for an answer does."""
        try:
            async with asyncio.timeout(self._ways.longest_s):
                await self._open()
                for step in self._call.script.steps:
                    if self._applies(step):
                        await self._acts[step.action](step)
        except _NobodyAnswers:
            pass
        except TimeoutError:
            self._expire()
            return
        self._call.end("caller")

    # What the caller does

    async def _open(self) -> None:
        """Let the agent greet. Callers who hear nothing speak first, once somebody is there to hear it."""
        try:
            async with asyncio.timeout(self._ways.patience_s):
                await self._call.is_attached.wait()
        except TimeoutError:
            return
        words = await self._conversation.wanted(self._ways.greeting_s)
        if words is not None:
            await self._respond([Spoken(words or self._call.script.greeting)])

    async def _speak(self, step: Step) -> None:
        await self._finish_what_was_asked()
        item_id = new_id("item")
        self._call.emit("input_audio_buffer.speech_started", item_id=item_id, audio_start_ms=self._ms)
        await self._pass(seconds_of(step.value))
        self._conversation.meter.hear(step.value)
        self._call.note("caller", step.value)
        hear(self._call, self._conversation.items, item_id, step.value, self._ms)
        if sessions.responds_by_itself(self._session):
            self._conversation.want()

    async def _press(self, step: Step) -> None:
        await self._finish_what_was_asked()
        for key in step.value:
            await self._pass(0.2)
            self._call.note("caller", f"[{key}]")
            self._call.emit("input_audio_buffer.dtmf_event_received", event=key, received_at=self._ms // 1000)

    async def _be_silent(self, step: Step) -> None:
        """Say nothing for so long, and be asked whether one is there as often as the session wants it."""
        left = float(step.value)
        while (idle := sessions.idle_after(self._session)) and idle <= left:
            left -= idle
            start = self._ms
            await self._wait(idle)
            self._call.emit(
                "input_audio_buffer.timeout_triggered",
                audio_start_ms=start,
                audio_end_ms=self._ms,
                item_id=new_id("item"),
            )
            await self._respond([Spoken(self._call.script.idle)])
        await self._wait(left)

    async def _hang_up(self, step: Step) -> None:
        if step.value == "agent":
            await self._call_function(replace(step, action="function", value=_ENDING))
            if _ENDING[0] in self._results:
                await self._serve_for(self._ways.patience_s)
            elif step.says:
                await self._say(replace(step, action="agent", value=[step.says]))
        await self._finish_what_was_asked()

    # What the model does

    async def _say(self, step: Step) -> None:
        await self._until_asked()
        await self._respond([Spoken(filled(step.value, self._results))])

    async def _call_function(self, step: Step) -> None:
        known = sessions.functions(self._session)
        name = next((each for each in step.value if each in known), None)
        if name is None:
            return
        await self._until_asked()
        arguments = fitted(step.arguments, known[name].get("parameters"))
        before = [Spoken(step.says)] if step.says else []
        self._results[step.result or step.value[0]] = await self._result_of(name, arguments, before)

    async def _result_of(self, name: str, arguments: dict[str, Any], before: list[Spoken]) -> Any:
        """Call a function, and once more when a response is asked for before it returned."""
        while True:
            wanted = Wanted(new_id("call"), name, arguments)
            result = self._conversation.expect(wanted.function_call_id)
            await self._respond([*before, wanted])
            while words := await self._conversation.wanted(self._ways.patience_s, instead=result):
                await self._respond([Spoken(words)])
            if result.done():
                return result.result()
            if words is None:
                raise _NobodyAnswers

    async def _until_asked(self) -> None:
        """Wait for the next response of the script's; say at once what has words of its own."""
        while True:
            words = await self._conversation.wanted(self._ways.patience_s)
            if words is None:
                raise _NobodyAnswers
            if not words:
                return
            await self._respond([Spoken(words)])

    async def _respond(self, parts: list[Spoken | Wanted]) -> None:
        conversation = self._conversation
        while self._faults.take(RESPONSE, ("fail",)):
            parts = await self._fail(parts)
        response = Response(self._call, conversation.items, conversation.meter, parts)
        conversation.active = response
        conversation.cancelled.clear()
        response.begin()
        await self._play(_BEFORE_MODEL_S)
        is_heard = bool(response.seconds) and not conversation.cancelled.is_set()
        if not conversation.cancelled.is_set():
            await self._generate(response)
        conversation.active = None
        if conversation.cancelled.is_set():
            response.finish("cancelled", "client_cancelled")
        else:
            response.finish()
        if is_heard:
            await self._play(response.seconds - response.thinking_s)
            response.stop_audio(is_cleared=conversation.cancelled.is_set())

    async def _fail(self, parts: list[Spoken | Wanted]) -> list[Spoken | Wanted]:
        """Let a response fail; return what is said once the model was asked again."""
        response = Response(self._call, self._conversation.items, self._conversation.meter, [])
        response.begin()
        response.fail()
        words = await self._conversation.wanted(self._ways.patience_s)
        if words is None:
            raise _NobodyAnswers
        return [Spoken(words)] if words else parts

    async def _generate(self, response: Response) -> None:
        """Tell a response, which is complete before its audio has been played."""
        if response.seconds:
            self._conversation.has_spoken = True
            response.start_audio()
        response.tell()
        await self._play(response.thinking_s)

    # Time

    async def _finish_what_was_asked(self) -> None:
        """Let a moment pass, and let the model say what it was asked for beside the script."""
        await self._wait(_BEFORE_CALLER_S)
        while self._conversation.is_wanted():
            words = await self._conversation.wanted(0)
            await self._respond([Spoken(words or _AT_A_LOSS)])

    async def _wait(self, seconds: float) -> None:
        """Let time pass in which nobody speaks, unless the model is asked to."""
        self._ms += int(seconds * 1000)
        await self._serve_for(seconds * self._ways.pace)

    async def _serve_for(self, seconds: float) -> None:
        """Let the model say for so long what it is asked for beside the script."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while (left := until - loop.time()) > 0:
            words = await self._conversation.wanted(left)
            if words is not None:
                await self._respond([Spoken(words or _AT_A_LOSS)])

    async def _pass(self, seconds: float) -> None:
        self._ms += int(seconds * 1000)
        await asyncio.sleep(seconds * self._ways.pace)

    async def _play(self, seconds: float) -> None:
        """Let audio be heard, until it is cancelled."""
        self._ms += int(seconds * 1000)
        try:
            async with asyncio.timeout(seconds * self._ways.pace):
                await self._conversation.cancelled.wait()
        except TimeoutError:
            return

    @property
    def _session(self) -> dict[str, Any]:
        return self._call.session

    def _applies(self, step: Step) -> bool:
        return (not step.when or step.when in self._results) and (
            not step.unless or step.unless not in self._results
        )

    def _expire(self) -> None:
        self._call.emit(
            "error",
            error={
                "type": "invalid_request_error",
                "code": "session_expired",
                "message": "Your session hit the maximum duration of 60 minutes.",
                "param": None,
                "event_id": None,
            },
        )
        self._call.end("timeout")
