import type { Wish } from '../../../core/command.ts';
import { accept, defineDecider, reject } from '../../../core/decider.ts';
import type { StreamName } from '../../../core/event.ts';
import { plus } from '../../../core/instant.ts';
import type { WebhookEvent, WebhookState } from './events.ts';
import { isTypePattern } from './type-pattern.ts';
import { urlFault } from './url-fault.ts';

export type WebhookCommand =
  | Wish<'CreateWebhook', { url: string; types: readonly string[]; secret: string }>
  | Wish<'RotateWebhookSecret', { secret: string }>
  | Wish<'DisableWebhook', { because: string }>
  | Wish<'EnableWebhook', Record<string, never>>
  | Wish<'RemoveWebhook', Record<string, never>>;

/** How long the secret before signs beside the new one: 24 hours. */
export const overlapMs = 24 * 3_600_000;
export const maxTypes = 50;

export const webhookCategory = 'engine.webhook';
export const webhookStream = (id: string): StreamName => `${webhookCategory}-${id}`;

const initial: WebhookState = { status: 'none', url: '', types: [], createdAt: null, secret: '', old: null, because: null };

const create = ({ data, asOf }: Extract<WebhookCommand, { type: 'CreateWebhook' }>) => {
  const fault = urlFault(data.url);
  if (fault !== null) return reject('url-refused', { fault });
  const wrong = data.types.find((type) => !isTypePattern(type));
  if (wrong !== undefined) return reject('type-invalid', { type: wrong });
  if (data.types.length === 0 || data.types.length > maxTypes) return reject('types-count', { most: maxTypes });
  return accept('created', [{ type: 'WebhookCreated' as const, data: { ...data, createdAt: asOf } }]);
};

/** An address outside that public events are sent to. A removed one never lives again. */
export const webhook = defineDecider<WebhookState, WebhookCommand, WebhookEvent>({
  category: webhookCategory,
  initial,
  events: ['WebhookCreated', 'WebhookSecretRotated', 'WebhookDisabled', 'WebhookEnabled', 'WebhookRemoved'],
  decide: (command, state) => {
    const { status } = state;
    if (command.type === 'CreateWebhook') return status === 'none' ? create(command) : reject('webhook-exists');
    if (status === 'none' || status === 'removed') return reject('webhook-unknown');
    switch (command.type) {
      case 'RotateWebhookSecret':
        return accept('rotated', [
          { type: 'WebhookSecretRotated', data: { secret: command.data.secret, oldUntil: plus(command.asOf, overlapMs) } },
        ]);
      case 'DisableWebhook':
        if (status === 'disabled') return reject('already-disabled');
        return accept('disabled', [{ type: 'WebhookDisabled', data: { because: command.data.because } }]);
      case 'EnableWebhook':
        return status === 'disabled' ? accept('enabled', [{ type: 'WebhookEnabled', data: {} }]) : reject('not-disabled');
      case 'RemoveWebhook':
        return accept('removed', [{ type: 'WebhookRemoved', data: {} }]);
    }
  },
  evolve: (state, event) => {
    switch (event.type) {
      case 'WebhookCreated':
        return { ...initial, status: 'live', ...event.data };
      case 'WebhookSecretRotated':
        return { ...state, secret: event.data.secret, old: { secret: state.secret, until: event.data.oldUntil } };
      case 'WebhookDisabled':
        return { ...state, status: 'disabled', because: event.data.because };
      case 'WebhookEnabled':
        return { ...state, status: 'live', because: null };
      case 'WebhookRemoved':
        return { ...state, status: 'removed' };
    }
  },
});
