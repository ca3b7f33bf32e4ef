import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { Command } from '../../core/command.ts';
import { CarillonError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import { streamName } from '../../core/stream.ts';
import { granted, viewOf } from '../answers.ts';
import type { App, RouteDeps } from '../app.ts';
import { checkLine, Line, lineOf } from '../intake.ts';
import { maxBatch } from '../limits.ts';
import { commandOf } from '../order.ts';
import { demand } from '../plugins/auth.ts';
import { validatorOf } from '../plugins/input.ts';
import { AnyJson, Exact, refusals } from '../schemas.ts';
import type { Service } from '../service.ts';

const CommandLine = Type.Omit(Line, ['asOf'], { additionalProperties: false });
const Batch = Exact({ commands: Type.Array(CommandLine, { minItems: 1, maxItems: maxBatch }) });

export const AnswerSchema = Exact({
  id: Type.String(),
  kind: Type.String({ description: 'accepted, ignored, rejected or failed' }),
  stream: Type.String(),
  rule: Type.Optional(Type.String({ description: 'The rule that decided' })),
  events: Type.Optional(Type.Array(Type.String())),
  revision: Type.Optional(Type.Integer()),
  position: Type.Optional(Type.String()),
  repeated: Type.Optional(Type.Boolean({ description: 'The same command was done before; this is the answer of then' })),
  facts: Type.Optional(AnyJson),
  code: Type.Optional(Type.String()),
  message: Type.Optional(Type.String()),
});

/** Checks one line of a request and makes it a command. Throws naming the field; in a batch also the place. */
const toCommand = (service: Service, request: FastifyRequest, value: unknown): Command => {
  const line = lineOf(value);
  if (line.asOf !== undefined) throw new CarillonError('bad-request', 'asOf is only allowed in an import');
  if (checkLine(service.registry, line) === 'admin') demand(request.identity, 'admin');
  const reason = typeof line.data.reason === 'string' ? line.data.reason : undefined;
  return commandOf(service, request, { ...line, to: streamName(line.to), reason });
};

const isBatch = (body: unknown): body is { commands: unknown[] } =>
  typeof body === 'object' && body !== null && Array.isArray((body as JsonObject).commands);

const toCommands = (service: Service, request: FastifyRequest, body: { commands: unknown[] }): Command[] => {
  const other = Object.keys(body).find((key) => key !== 'commands');
  if (other !== undefined) throw new CarillonError('bad-request', `${other.slice(0, 60)} is not a known field`);
  if (body.commands.length === 0 || body.commands.length > maxBatch)
    throw new CarillonError('bad-request', `commands must hold 1 to ${maxBatch} commands`);
  return body.commands.map((value, index) => {
    try {
      return toCommand(service, request, value);
    } catch (error) {
      if (!(error instanceof CarillonError)) throw error;
      throw new CarillonError(error.code, `commands.${index}: ${error.message}`, { index });
    }
  });
};

/** Commands of people to actors: idempotent by id, answered when durable (issue 3, item 9). */
export const commandRoutes = (app: App, { service, limits }: RouteDeps): void => {
  app.post(
    '/api/v1/commands',
    {
      config: { role: 'operate' },
      bodyLimit: limits.batchBody,
      // The intake check names fields better than "no schema of anyOf matches", and a file goes through the same one.
      validatorCompiler: (part) => (part.httpPart === 'body' ? () => true : validatorOf(part)),
      schema: {
        operationId: 'sendCommands',
        tags: ['commands'],
        summary: 'Sends one command, or a batch',
        description:
          'The same id again gets the answer of then; with another payload 409. A batch answers 200 with one answer for each command.',
        body: Type.Union([CommandLine, Batch]),
        response: { 200: Type.Union([AnswerSchema, Exact({ answers: Type.Array(AnswerSchema) })]), ...refusals },
      },
    },
    async (request) => {
      const body: unknown = request.body;
      if (!isBatch(body)) {
        const command = toCommand(service, request, body);
        return viewOf(command.id, granted(await service.commands.send(command)));
      }
      const commands = toCommands(service, request, body);
      const answers = await service.commands.sendMany(commands);
      return { answers: answers.map((answer, index) => viewOf(commands[index]?.id ?? '', answer)) };
    },
  );
};
