"""The funnels counted anew, after a restart or with other pipelines, beside all the rest."""

import asyncio

from agents import log
from agents.shards import Shards

logger = log.get(__name__)

LOOK_SECONDS = 1.0


async def recount_funnels(shards: Shards) -> None:
    """Bring each funnel to the pipelines that `shards` knows, again and again until cancelled.

    A shard that is restored meanwhile is found at the next look.
    """
    while True:
        for fold in shards.folds():
            funnel = fold.funnel
            if funnel is None or (funnel.is_ready and funnel.pipelines is shards.pipelines):
                continue
            for _ in funnel.recount(fold.entities, shards.pipelines):
                await asyncio.sleep(0)
            logger.info("funnel counted anew", partition=fold.partition, places=len(funnel))
        await asyncio.sleep(LOOK_SECONDS)
