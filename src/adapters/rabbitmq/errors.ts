import { CarillonError, messageOf } from '../../core/errors.ts';
import { type Address, urlSetting } from './address.ts';

/** Reply codes of AMQP 0-9-1 that are told apart. */
export const replyCode = { accessRefused: 403, notFound: 404, preconditionFailed: 406, notAllowed: 530 } as const;

/** The server's own words in an error of amqplib, without its wrapping. */
const wordsOf = (error: unknown): string => {
  const text = messageOf(error);
  return /with message "(.*)"/.exec(text)?.[1] ?? text;
};

export const codeOf = (error: unknown): number | string | undefined =>
  error instanceof Error && 'code' in error ? (error as { code: number | string }).code : undefined;

export const unavailable = (message: string, cause?: unknown): CarillonError =>
  new CarillonError('broker-unavailable', cause === undefined ? message : `${message}: ${wordsOf(cause)}`, {}, cause);

/** Why no connection came about. `config-invalid` where trying again cannot help. */
export const connectError = (address: Address, error: unknown): CarillonError => {
  const words = wordsOf(error);
  if (/ACCESS.REFUSED/i.test(words))
    return new CarillonError(
      'config-invalid',
      `RabbitMQ at ${address.shown} refused user "${address.user}"; correct the user or the password in ${urlSetting}`,
    );
  // The server names its reason only in a frame that amqplib does not print.
  if (/ConnectionOpenOk/.test(words))
    return new CarillonError(
      'config-invalid',
      `RabbitMQ at ${address.shown} did not open vhost "${address.vhost}" for user "${address.user}"; create it ("rabbitmqctl add_vhost", "rabbitmqctl set_permissions") or name another one in ${urlSetting}`,
    );
  return unavailable(`RabbitMQ at ${address.shown} does not answer; start it, or correct the address in ${urlSetting}`, error);
};

/** Why a queue, exchange or binding could not be declared. */
export const declareError = (what: string, name: string, error: unknown): CarillonError => {
  const words = wordsOf(error);
  switch (codeOf(error)) {
    case replyCode.preconditionFailed:
      return new CarillonError(
        'config-invalid',
        `RabbitMQ has a ${what} "${name}" that was declared otherwise (${words}); let it run empty and delete it ("rabbitmqctl delete_queue" or the management page), or name another vhost in ${urlSetting}`,
      );
    case replyCode.accessRefused:
      return new CarillonError(
        'config-invalid',
        `The user of ${urlSetting} may not declare ${what} "${name}" (${words}); give it the right with "rabbitmqctl set_permissions"`,
      );
    case replyCode.notFound:
      return new CarillonError('definition-invalid', `Cannot bind ${name}: ${words}`);
    default:
      return unavailable(`Could not declare ${what} ${name}`, error);
  }
};
