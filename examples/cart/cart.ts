import { accept, cron, type DomainEvent, defineContext, defineDecider, defineJob, type Instant, plus, reject, type Wish } from 'carillon';

type Cart = { status: 'empty' | 'open' | 'expired'; items: number; touchedAt: Instant | null };
type CartCommand = Wish<'AddItem', { sku: string }> | Wish<'ExpireCart', Record<string, never>>;
type CartEvent = DomainEvent<'ItemAdded', { sku: string; at: Instant }> | DomainEvent<'CartExpired', { items: number }>;

export const cart = defineDecider<Cart, CartCommand, CartEvent>({
  category: 'shop.cart',
  initial: { status: 'empty', items: 0, touchedAt: null },
  events: ['ItemAdded', 'CartExpired'],
  intake: {
    AddItem: { type: 'object', properties: { sku: { type: 'string', minLength: 1 } }, required: ['sku'], additionalProperties: false },
  },
  decide: (command, state) => {
    if (command.type === 'ExpireCart') return accept('left-alone', [{ type: 'CartExpired', data: { items: state.items } }]);
    if (state.status === 'expired') return reject('cart-expired');
    return accept('item-added', [{ type: 'ItemAdded', data: { sku: command.data.sku, at: command.asOf } }]);
  },
  evolve: (state, event) =>
    event.type === 'CartExpired' ? { ...state, status: 'expired' } : { status: 'open', items: state.items + 1, touchedAt: event.data.at },
});

export const expireCarts = defineJob({
  name: 'shop/expire-carts',
  title: 'Expire carts that nobody touched for 30 minutes',
  schedule: cron('*/5 * * * *'),
  healthyWithinMinutes: 10,
  actor: cart,
  dueAt: (state) => (state.status === 'open' && state.touchedAt ? plus(state.touchedAt, 30 * 60_000) : null),
  command: (_id, asOf) => ({ type: 'ExpireCart', data: {}, asOf }),
});

export const shop = defineContext('shop', {}, () => ({ deciders: [cart], jobs: [expireCarts] }));
