import type { WebhookState } from '../contexts/engine/webhook/events.ts';
import { webhookStream } from '../contexts/engine/webhook/webhook.ts';
import { CarillonError } from '../core/errors.ts';
import { derivedId } from '../core/ids.ts';
import { secretSubject } from '../publish/deliver.ts';
import { webhookSecret } from '../publish/sign.ts';
import { getActor } from './actors.ts';
import type { Service } from './service.ts';

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
  await service.vault.put(secretSubject(id), { [name]: secret });
  return { name, secret };
};
