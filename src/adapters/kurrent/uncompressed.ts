/** What of a channel of grpc-js is reached into; absent in a version that is built otherwise. */
type Channel = { readonly internalChannel?: { readonly filterStackFactory?: { readonly factories?: unknown } } };
type Headers = { set(name: string, value: string): void };

const same = <T>(value: T): T => value;

const acceptsPlain = {
  createFilter: () => ({
    async sendMetadata(metadata: Promise<Headers>): Promise<Headers> {
      const headers = await metadata;
      headers.set('grpc-accept-encoding', 'identity');
      return headers;
    },
    receiveMetadata: same,
    sendMessage: same,
    receiveMessage: same,
    receiveTrailers: same,
  }),
};

const treated = new WeakSet<object>();

/**
 * Has a channel offer no compression. Servers from 25.1 compress every message for whoever offers to take it, grpc-js offers
 * it without a setting, and inflating each small message alone takes longer than everything else. The filter goes last,
 * behind the one that makes the offer; without the place for it the channel is as it was, only slower.
 */
export const withoutCompression = <C extends object>(channel: C): C => {
  const factories = (channel as Channel).internalChannel?.filterStackFactory?.factories;
  if (Array.isArray(factories) && !treated.has(channel)) factories.push(acceptsPlain);
  treated.add(channel);
  return channel;
};
