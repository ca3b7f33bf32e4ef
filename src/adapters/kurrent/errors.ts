import { CarillonError, messageOf } from '../../core/errors.ts';
import { urlSetting } from './address.ts';

/** Status codes of gRPC that are told apart. */
const status = { cancelled: 1, unknown: 2, deadlineExceeded: 4, resourceExhausted: 8, aborted: 10, unavailable: 14 } as const;

/** The client's own name of what went wrong; empty for an error that is not one of its classes. */
export const typeOf = (error: unknown): string =>
  error instanceof Error && 'type' in error && typeof error.type === 'string' ? error.type : '';

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined);

const unknownTypes = ['unavailable', 'deadline-exceeded', 'cancelled', 'timeout', 'not-leader'];
const unknownCodes: readonly unknown[] = [status.cancelled, status.deadlineExceeded, status.aborted, status.unavailable];

/**
 * Whether a call may or may not have been carried out. While the server is down the client rejects appends with plain errors
 * that have nothing but a code.
 */
export const isUnknownOutcome = (error: unknown): boolean =>
  unknownTypes.includes(typeOf(error)) || (codeOf(error) !== undefined && unknownCodes.includes(codeOf(error)));

const tooLarge = ['maximum-append-size-exceeded', 'append-record-size-exceeded', 'transaction-max-size-exceeded'];

/** Whether the server refused a batch for its size: nothing of it was written, and its items may fit alone. */
export const isTooLarge = (error: unknown): boolean => tooLarge.includes(typeOf(error)) || codeOf(error) === status.resourceExhausted;

/** Says in our codes what went wrong with the server called `shown`. */
export const storeError = (error: unknown, shown: string): CarillonError => {
  if (error instanceof CarillonError) return error;
  const words = messageOf(error);
  if (typeOf(error) === 'access-denied')
    return new CarillonError(
      'config-invalid',
      `KurrentDB at ${shown} refuses the user; correct user and password in ${urlSetting}, or give the user the right to read $all and to write`,
      {},
      error,
    );
  if (isTooLarge(error))
    return new CarillonError('payload-too-large', `KurrentDB at ${shown} does not take an append of that size: ${words}`, {}, error);
  if (/certificate|self.signed|SSL|TLS/i.test(words))
    return new CarillonError(
      'config-invalid',
      `KurrentDB at ${shown} and this machine do not agree on TLS: ${words}; correct tls, tlsCAFile or tlsVerifyCert in ${urlSetting}`,
      {},
      error,
    );
  return new CarillonError('store-unavailable', `KurrentDB at ${shown} does not answer; is ${urlSetting} right? ${words}`, {}, error);
};

export const storeClosed = (): CarillonError => new CarillonError('store-closed', 'The store is closed');
