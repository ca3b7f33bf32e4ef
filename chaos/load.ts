import { setTimeout as sleep } from 'node:timers/promises';
import { createPrng } from '../sim/prng.ts';
import type { Acked } from './auditor.ts';
import type { Server } from './server.ts';
import { type Command, orderStep } from './workload.ts';

/** New orders in a batch, and the pause between batches: a steady load that leaves room for what runs beside it. */
const batchSize = 10;
const pauseMs = 150;
/** Most commands of a batch: new ones and those that had no answer. */
const mostInBatch = 200;

type AnswerView = { readonly id: string; readonly kind: string };

/** A client that keeps placing orders, remembers what it was told, and sends what had no answer again under the same id. */
export const createLoad = (seed: number, server: () => Promise<Server>) => {
  const draw = createPrng(seed, 'load');
  const acked: Acked[] = [];
  const refused: string[] = [];
  let pending: Command[] = [];
  let placed = 0;
  let unanswered = 0;
  let stopping = false;

  const sendBatch = async (batch: readonly Command[]): Promise<void> => {
    const commands = batch.map(({ id, to, type, data }) => ({ id, to, type, data }));
    const answer = await (await server()).call('POST', '/api/v1/commands', JSON.stringify({ commands }));
    if (answer.status !== 200) throw new Error(`${answer.status} ${answer.text}`);
    const kinds = new Map((answer.body.answers as AnswerView[]).map(({ id, kind }) => [id, kind]));
    for (const { id, to } of batch) {
      const kind = kinds.get(id);
      if (kind === 'accepted') acked.push({ stream: to, id });
      else if (kind !== 'failed') refused.push(`${id} ${kind}`);
    }
    pending = pending.filter(({ id }) => !['accepted', 'ignored', 'rejected'].includes(kinds.get(id) ?? ''));
  };

  const running = (async () => {
    while (!stopping || pending.length > 0) {
      if (!stopping) for (let index = 0; index < batchSize; index++) pending.push(orderStep(draw, `l${placed++}`));
      await sendBatch(pending.slice(0, mostInBatch)).catch(() => {
        unanswered++;
      });
      await sleep(pauseMs);
    }
  })();

  return {
    acked,
    refused,
    counts: () => ({ placed, acked: acked.length, unanswered }),
    /** No new orders; resolves when every one was answered. */
    stop: async (): Promise<void> => {
      stopping = true;
      await running;
    },
  };
};
