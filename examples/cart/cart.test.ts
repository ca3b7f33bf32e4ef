import { given } from 'carillon';
import { it } from 'vitest';
import { cart, expireCarts } from './cart.ts';

it('a cart expires 30 minutes after its last item, and takes none afterwards', () => {
  given(cart, [], expireCarts)
    .when({ type: 'AddItem', data: { sku: 'tea' } }, '2026-01-05T10:00Z')
    .then({ accepted: 'item-added' })
    .when({ type: 'AddItem', data: { sku: 'cup' } }, '2026-01-05T10:29Z')
    .then({ accepted: 'item-added' })
    .when({ type: 'AddItem', data: { sku: 'jam' } }, '2026-01-05T10:59Z')
    .then({ rejected: 'cart-expired', events: [{ type: 'CartExpired', data: { items: 2 } }] });
});
