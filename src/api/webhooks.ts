import type { WebhookState } from '../contexts/engine/webhook/events.ts';
import { webhookStream } from '../contexts/engine/webhook/webhook.ts';
import { CarillonError } from '../core/errors.ts';
import { derivedId } from '../core/ids.ts';
import type { Vault } from '../ports/vault.ts';
import { secretSubject } from '../publish/deliver.ts';
import { webhookSecret } from '../publish/sign.ts';
import { getActor } from './actors.ts';
import type { Service } from './service.ts';

/** Where secrets are kept. The app's service carries the vault; a service made without one has no webhooks. */
export const vaultOf = (service: Service): Pick<Vault, 'put' | 'scrub' | 'erase'> => {
  if (!('vault' in service)) throw new CarillonError('internal', 'This service has no vault for secrets');
  return service.vault as Vault;
};

/** Throws `not-found`, also for one that was removed. */
export const findWebhook = async (service: Service, id: string): Promise<WebhookState> => {
  const state = (await getActor(service, webhookStream(id)))?.state as unknown as WebhookState | undefined;
  if (state === undefined || state.status === 'none' || state.status === 'removed')
    throw new CarillonError('not-found', `There is no webhook "${id}"`);
  return state;
};

/** Makes a secret and keeps it before anything names it. `name` is what events say of it. */
export const newWebhookSecret = async (service: Service, id: string): Promise<{ readonly name: string; readonly secret: string }> => {
  const name = derivedId('webhook secret', service.ids.next()).slice(0, 16);
  const secret = webhookSecret(service.secrets.token());
  await vaultOf(service).put(secretSubject(id), { [name]: secret });
  return { name, secret };
};
