import type { EffectCall, EffectOutcome } from '../src/index.ts';
import type { Call } from './pay.ts';

/** What the provider says of a key: how often it was asked, and how often it did it. */
export type Entry = { readonly calls: number; readonly applied: number };
export type Ledger = Readonly<Record<string, Entry>>;

/** 503 is a refusal before anything was done; any other trouble leaves the outcome unknown. */
const outcomeOf = async (response: Response): Promise<EffectOutcome> => {
  const text = await response.text();
  if (response.status === 503) return { kind: 'failed', message: 'the provider is busy' };
  return response.ok ? { kind: 'confirmed', reference: text } : { kind: 'unknown', message: `HTTP ${response.status}` };
};

/** The adapter of the effects: one POST with the key as `idempotency-key`. */
export const callProvider =
  (url: string): Call =>
  async (effect: string, { key, data, signal }: EffectCall) =>
    outcomeOf(await fetch(`${url}/${effect}`, { method: 'POST', headers: { 'idempotency-key': key }, body: JSON.stringify(data), signal }));

export const readLedger = async (url: string): Promise<Ledger> => (await (await fetch(`${url}/ledger`)).json()) as Ledger;
