import type { FastifyRequest } from 'fastify';
import type { Answer, Command } from '../core/command.ts';
import type { Position, StreamName } from '../core/event.ts';
import type { Json } from '../core/json.ts';
import { dueIndexName } from '../projections/due-index.ts';
import { parked } from '../projections/parked.ts';
import { runsName } from '../projections/runs.ts';
import { granted } from './answers.ts';
import { traceparentShape } from './app.ts';
import { identityOf } from './plugins/auth.ts';
import type { Service } from './service.ts';

/** A wish of a person: to whom, what, and why. */
export type Order = {
  readonly to: StreamName;
  readonly type: string;
  readonly data: Json;
  readonly reason?: string | undefined;
  readonly id?: string;
};

/** The command of a person's wish: stamped with the instant of arrival, who sent it, why, and the caller's trace. */
export const commandOf = (service: Service, request: FastifyRequest, order: Order): Command => {
  const { id = service.ids.next(), to, type, data, reason } = order;
  const traceparent = String(request.headers.traceparent ?? '');
  return {
    id,
    to,
    type,
    data,
    asOf: service.clock.now(),
    by: identityOf(request).name,
    ...(reason === undefined ? {} : { reason }),
    ...(traceparentShape.test(traceparent) ? { traceparent } : {}),
  };
};

const seenWithinMs = 1_000;

/** The projections that these routes read. */
const readBack = [dueIndexName, runsName, parked.name];

/** Waits a moment for the read models to reach a position, so that a caller reads what it just wrote. */
const seen = async (service: Service, position: Position): Promise<void> => {
  const done = new AbortController();
  const passed = Promise.all(readBack.map((name) => service.readModels.passed(name, position, done.signal))).catch(() => {});
  await Promise.race([passed, service.clock.sleep(seenWithinMs, done.signal)]);
  done.abort();
};

/** An answer that is a success. */
export type Granted = Exclude<Answer, { kind: 'rejected' | 'failed' }>;

/** Sends a person's wish to an engine actor, ahead of what waits. Anything but success is thrown as the problem it is. */
export const send = async (service: Service, request: FastifyRequest, order: Order): Promise<Granted> => {
  const answer = granted(await service.commands.send(commandOf(service, request, order), { urgent: true }));
  if (answer.kind === 'accepted') await seen(service, answer.position);
  return answer;
};

/** Sends several wishes at once and tells how many were accepted; what a rule refuses is left as it is. A failure is thrown. */
export const sendAll = async (service: Service, request: FastifyRequest, orders: readonly Order[]): Promise<number> => {
  const answers = await service.commands.sendMany(orders.map((order) => commandOf(service, request, order)));
  const accepted = answers
    .flatMap((answer) => (answer.kind === 'failed' ? [granted(answer)] : [answer]))
    .filter(({ kind }) => kind === 'accepted');
  const last = accepted.at(-1);
  if (last?.kind === 'accepted') await seen(service, last.position);
  return accepted.length;
};
