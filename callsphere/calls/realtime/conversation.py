"""A call as events tell it: what is said is stored, what the model wants is done, who is done is hung up.

The model speaks by itself when the caller has spoken, and else when it is asked to. While it responds it may
not be asked again (`response.created` to `response.done`), so results of functions wait until it has ended.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import structlog
from django.utils import timezone

from callsphere.calls.enums import EndReason, Speaker
from callsphere.calls.realtime import functions, records
from callsphere.calls.realtime.claims import ClaimLost, Held
from callsphere.calls.realtime.costs import response_cost, transcription_cost
from callsphere.calls.realtime.functions import Ended, Unanswered, Wanted
from callsphere.calls.realtime.keypad import Keypad
from callsphere.calls.realtime.records import Opening
from callsphere.calls.realtime.threads import Threads
from callsphere.providers.openai import CallGone, RealtimeError, Sideband

FAREWELL_S = 15.0
"""How long a farewell may be heard before the call is hung up all the same."""
LISTENS_S = 4.0
"""How long a line that was taken up again is listened to before the model is asked to go on."""
_LOOKS_EVERY_S = 0.5
MOST_FAILURES, AGAIN_S = 3, 0.5
"""How many responses in a row may fail; how long is waited before the model is asked again, in seconds."""
GREET = "Greet the caller now. Say exactly the following words, and nothing else:"
GO_ON = (
    "The line was interrupted for a moment. If you wait for the result of a function, call that function"
    " again. If not, go on where the conversation stopped."
)
_ACTIVE = "conversation_already_has_active_response"
_ASKED = "asked"
"""Stands for a response that was asked for and has not begun."""
_ABOUT_ITEMS = frozenset({"invalid_tool_call_id", "item_not_found"})

log = structlog.get_logger(__name__)


class Conversation:
    """A conversation that this process follows, over one line after another."""

    def __init__(self, held: Held, opening: Opening, threads: Threads) -> None:
        self.why = ""
        """Why we ended the call; empty when we did not."""
        self._held = held
        self._opening = opening
        self._threads = threads
        self._line: Sideband | None = None
        self._lines = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._sending = asyncio.Lock()
        self._response = ""
        self._wants_response = False
        self._asked_for = ""
        self._wanted_words = ""
        self._failures = 0
        self._running: set[str] = set()
        self._outputs: dict[str, str] = {}
        self._spoken: set[str] = set()
        self._unheard: set[str] = set()
        self._begun_at: dict[str, datetime] = {}
        self._model = opening.version.model
        self._greets_at = timezone.now()
        self._is_greeted = False
        self._keypad = Keypad()
        self._is_ending = opening.is_ending
        self._is_farewell_said = opening.is_ending
        self._has_heard = False
        self._acts: dict[str, Callable[[Any], Awaitable[None]]] = {
            "conversation.item.input_audio_transcription.completed": self._caller_said,
            "input_audio_buffer.dtmf_event_received": self._caller_pressed,
            "response.output_audio_transcript.done": self._agent_said,
            "response.created": self._response_begins,
            "response.done": self._response_ends,
            "response.function_call_arguments.done": self._function_wanted,
            "output_audio_buffer.stopped": self._audio_ends,
            "output_audio_buffer.cleared": self._audio_ends,
            "error": self._refused,
        }

    async def follow(self, line: Sideband, *, is_first: bool) -> None:
        """Follow a line until the call ends. Raises ClaimLost, and RealtimeError when the line breaks."""
        self._line, self._response, self._has_heard = line, "", False
        try:
            await self._take_up(is_first=is_first)
            async for event in line:
                await self._hear(event)
        finally:
            self._line = None

    def close(self) -> None:
        """Let go: what is being run goes on, and what it returns is kept."""
        for task in self._tasks:
            task.cancel()

    async def end_at(self, moment: datetime) -> None:
        """End the call when it has lasted as long as it may."""
        await asyncio.sleep((moment - timezone.now()).total_seconds())
        while self._line is None:
            await asyncio.sleep(_LOOKS_EVERY_S)
        await self._hang_up("The call reached its longest time.", EndReason.TOO_LONG)

    # Taking up

    async def _take_up(self, *, is_first: bool) -> None:
        if not is_first:
            note = f"attached-{self._held.claim}-{self._lines}"
            await self._store(records.store_note, note, "The line was taken up again.")
        self._lines += 1
        if self._is_ending:
            await self._hang_up_once_heard()
            return
        is_greeting = await self._greet()
        for each in await self._get(functions.unanswered):
            self._take_up_function(each)
        if self._outputs:
            await self._learn_of_end()
            await self._go_on()
        elif not (is_first or is_greeting or self._running):
            self._begin(self._listen_then_ask())

    def _take_up_function(self, function: Unanswered) -> None:
        if function.function_call_id in self._running:
            return
        if function.output:
            self._outputs[function.function_call_id] = function.output
        else:
            self._running.add(function.function_call_id)
            self._begin(self._wait_for_output(function.function_call_id))

    async def _greet(self) -> bool:
        """Have the caller greeted, unless they were: whoever did so may have been another worker."""
        words = self._opening.words
        if self._is_greeted or not words or not await self._get(records.begin_greeting, self._greets_at):
            return False
        await self._ask(f"{GREET}\n{words}")
        self._is_greeted = True
        return True

    async def _listen_then_ask(self) -> None:
        """Ask the model to go on when nothing happens: what it wanted meanwhile was not heard."""
        await asyncio.sleep(LISTENS_S)
        if not self._has_heard and not self._response:
            await self._ask(GO_ON)

    # Events

    async def _hear(self, event: Any) -> None:
        kind = str(event.type)
        if not kind.startswith("session."):
            self._has_heard = True
        item_id = getattr(event, "item_id", None) or getattr(getattr(event, "item", None), "id", None)
        if item_id:
            self._begun_at.setdefault(str(item_id), timezone.now())
        act = self._acts.get(kind)
        if act is not None:
            await act(event)

    async def _caller_said(self, event: Any) -> None:
        await self._said(Speaker.CALLER, event)
        if (used := getattr(event, "usage", None)) is not None:  # older models leave it out
            usage = used.to_dict()
            cost = transcription_cost(usage)
            await self._store(records.add_usage, event.event_id, {"transcription": usage}, cost)

    async def _caller_pressed(self, event: Any) -> None:
        began_at = self._keypad.press(str(event.event), timezone.now())
        if began_at is not None:
            await self._store(records.store_keys, self._keypad.run, self._keypad.keys, began_at)

    async def _agent_said(self, event: Any) -> None:
        self._spoken.add(event.response_id)
        self._unheard.add(event.response_id)
        await self._said(Speaker.AGENT, event)

    async def _said(self, speaker: Speaker, event: Any) -> None:
        said_at = self._begun_at.pop(event.item_id, None) or timezone.now()
        if event.transcript.strip():
            await self._store(records.store_line, speaker, event.item_id, event.transcript.strip(), said_at)

    async def _response_begins(self, event: Any) -> None:
        if self._response != _ASKED:
            self._asked_for = ""  # it began by itself: the caller has spoken
        self._response = event.response.id or _ASKED

    async def _response_ends(self, event: Any) -> None:
        self._response = ""
        self._heed_failure(event.response)
        if event.response.usage is not None:
            usage = event.response.usage.to_dict()
            cost = response_cost(self._model, usage)
            await self._store(records.add_usage, event.event_id, {"responses": 1, **usage}, cost)
        await self._go_on()

    def _heed_failure(self, response: Any) -> None:
        """Have the model asked again, for the same, when a response failed: the caller hears nothing."""
        if response.status != "failed":
            self._failures = 0
            return
        error = response.status_details and response.status_details.error
        code = error and (error.code or error.type)
        log.warning("response_failed", call=str(self._held.call_id), code=code)
        self._failures += 1
        if self._failures < MOST_FAILURES:
            self._begin(self._ask_again(self._asked_for))

    async def _ask_again(self, instructions: str) -> None:
        await asyncio.sleep(AGAIN_S * self._failures)
        if not self._response:
            await self._ask(instructions)

    async def _function_wanted(self, event: Any) -> None:
        wanted = Wanted(event.call_id, event.name or "", event.arguments)
        if wanted.function_call_id not in self._running:
            self._running.add(wanted.function_call_id)
            self._begin(self._run(wanted, event.response_id))

    async def _audio_ends(self, event: Any) -> None:
        self._unheard.discard(event.response_id)
        await self._hang_up_once_heard()

    async def _refused(self, event: Any) -> None:
        code = event.error.code or ""
        if code == _ACTIVE:
            # once the one under way has ended; who is to be greeted is greeted then
            self._wants_response, self._wanted_words = True, self._asked_for
            return
        log.warning("realtime_event_refused", call=str(self._held.call_id), code=code)
        if code not in _ABOUT_ITEMS and self._response == _ASKED:
            self._response = ""

    # Functions

    async def _run(self, wanted: Wanted, response_id: str) -> None:
        held, version = self._held, self._opening.version
        try:
            ended = await self._threads.ask(functions.run, held, version, wanted)
        except ClaimLost:
            raise
        except Exception:
            log.exception("function_not_kept", call=str(held.call_id), function=wanted.name)
            ended = Ended(functions.OUR_FAULT)
        finally:
            self._running.discard(wanted.function_call_id)
        if ended is None:
            return  # told twice
        self._outputs[wanted.function_call_id] = ended.output
        if ended.hangs_up:
            self._is_ending = True
            # whoever says goodbye and hangs up at once is not asked to say it again
            self._is_farewell_said = response_id in self._spoken
        await self._go_on()

    async def _wait_for_output(self, function_call_id: str) -> None:
        """Wait for a function that another worker began."""
        while not (output := await self._get(functions.find_output, function_call_id)):
            await asyncio.sleep(_LOOKS_EVERY_S)
        self._running.discard(function_call_id)
        self._outputs[function_call_id] = output
        await self._learn_of_end()
        await self._go_on()

    async def _learn_of_end(self) -> None:
        """Notice that a function which another worker ran was the agent's last."""
        self._is_ending = self._is_ending or await self._get(records.is_ending)

    async def _go_on(self) -> None:
        """Do what waits for the model to be silent: give it results, ask it to respond, or hang up."""
        async with self._sending:
            if self._response or self._running or self._line is None:
                return
            if self._outputs:
                await self._answer_functions()
            elif self._is_ending:
                self._is_farewell_said = True
            if self._is_ending and self._is_farewell_said:
                self._begin(self._hang_up_in_the_end())
                await self._hang_up_once_heard()
            elif self._wants_response:
                words, self._wanted_words = self._wanted_words, ""
                await self._ask(words)

    async def _answer_functions(self) -> None:
        line, outputs = self._line, dict(self._outputs)
        if line is None:
            return
        for function_call_id, output in outputs.items():
            await line.answer_function(function_call_id, output)
        await self._store(functions.store_answered, list(outputs))
        for function_call_id in outputs:
            self._outputs.pop(function_call_id)
        self._wants_response = True

    async def _ask(self, instructions: str = "") -> None:
        if self._line is not None:
            self._response, self._wants_response, self._asked_for = _ASKED, False, instructions
            await self._line.ask_for_response(instructions)

    # The end

    async def _hang_up_once_heard(self) -> None:
        if self._is_ending and self._is_farewell_said and not self._unheard:
            await self._hang_up("The agent hung up.")

    async def _hang_up_in_the_end(self) -> None:
        await asyncio.sleep(FAREWELL_S)
        self._unheard.clear()
        await self._hang_up_once_heard()

    async def _hang_up(self, why: str, reason: EndReason | None = None) -> None:
        line = self._line
        if line is None or self.why:
            return
        self.why = why
        if not await self._get(records.begin_hanging_up, why, reason):
            self.why = ""
            return
        try:
            await line.hang_up()
        except CallGone:
            return
        except RealtimeError as error:
            log.warning("not_hung_up", call=str(self._held.call_id), error=error.code)
            await self._store(records.end_now)

    # Beside the line

    def _begin(self, work: Any) -> None:
        task = asyncio.create_task(self._quietly(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _quietly(self, work: Awaitable[None]) -> None:
        """Whoever follows the line notices by itself that it broke, or that another has the session."""
        try:
            await work
        except (RealtimeError, ClaimLost):
            return
        except Exception:
            log.exception("realtime_task_broke", call=str(self._held.call_id))

    async def _store(self, do: Callable[..., None], *args: Any) -> None:
        await self._threads.database(do, self._held, *args)

    async def _get(self, do: Callable[..., Any], *args: Any) -> Any:
        return await self._threads.database(do, self._held, *args)
