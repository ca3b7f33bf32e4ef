import rateLimit from '@fastify/rate-limit';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CarillonError } from '../../core/errors.ts';
import type { App } from '../app.ts';
import type { Limits } from '../limits.ts';

/** Counts a request. Throws `too-many-requests` above the limit. */
export type Limiter = (request: FastifyRequest, reply: FastifyReply) => Promise<void>;

const windowMs = 60_000;

/** Limits on requests a minute, each counted in this process (reliability d.1). */
export type Rates = { readonly address: Limiter; readonly token: Limiter; readonly refused: Limiter };

/** Makes the three limiters; who calls them is the order of hooks in the server. */
export const createRates = async (app: App, limits: Limits): Promise<Rates> => {
  await app.register(rateLimit, { global: false });
  const limiter = (max: number, what: string, keyOf?: (request: FastifyRequest) => string): Limiter => {
    const count = app.createRateLimit({ max, timeWindow: windowMs, ...(keyOf ? { keyGenerator: keyOf } : {}) });
    return async (request, reply) => {
      const result = await count(request);
      if (result.isAllowed || !result.isExceeded) return;
      void reply.header('retry-after', String(result.ttlInSeconds));
      throw new CarillonError('too-many-requests', `More than ${max} ${what} a minute`, { retryAfterSeconds: result.ttlInSeconds });
    };
  };
  return {
    address: limiter(limits.perAddress, 'requests of one address'),
    token: limiter(limits.perToken, 'requests of one token', (request) => request.identity?.id ?? ''),
    refused: limiter(limits.failuresPerAddress, 'refused requests of one address'),
  };
};
