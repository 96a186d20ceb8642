"""What readers of a running answer have been shown, grown by what arrives."""

import asyncio
import time
from functools import partial
from typing import Self

from django.conf import settings

from conversations.models import Message
from conversations.rendering import StreamRenderer, answer_renderer

from ..sharing import broadcasts
from ..sharing.live import Shown

# Rendering may take at most a tenth of an answer's wall time.
REST_PER_RENDER = 9
# Characters that are rendered on the event loop; more goes to a thread.
INLINE_LENGTH = 2_000


class Showing:
    """Begins with what stands there already; `source` tells its frames from those of others."""

    def __init__(self, answer: Message, renderer: StreamRenderer, source: int) -> None:
        begun = renderer.snapshot()
        self.shown = Shown(len(answer.text), begun.settled, begun.tail, answer.reasoning, source)
        self._answer = answer.pk
        self._renderer = renderer
        self._rests_until = 0.0

    @classmethod
    async def of(cls, answer: Message, source: int) -> Self:
        ready = partial(answer_renderer, answer.text, is_json=answer.is_json)
        # What stands there may be long; rendering it must not hold up the others.
        return cls(answer, await asyncio.to_thread(ready) if answer.text else ready(), source)

    async def grow(self, text: str, thought: str) -> broadcasts.FrameShown:
        """The frame that shows this much more."""
        began = time.monotonic()
        before = self.shown
        if len(text) + self._renderer.unsettled <= INLINE_LENGTH:
            update = self._renderer.feed(text)
        else:
            update = await asyncio.to_thread(self._renderer.feed, text)
        now = self._renderer.snapshot()
        end = before.position + len(text)
        self.shown = Shown(end, now.settled, now.tail, before.reasoning + thought, before.source)
        spent = time.monotonic() - began
        self._rests_until = began + spent + max(settings.FRAME_SECONDS, REST_PER_RENDER * spent)
        return broadcasts.FrameShown(
            self._answer,
            before.position,
            end,
            update.settled,
            update.tail,
            update.grown,
            thought,
            text,
            before.source,
            len(before.reasoning),
        )

    async def rest(self) -> None:
        """Until the next frame may be shown."""
        await asyncio.sleep(self._rests_until - time.monotonic())
