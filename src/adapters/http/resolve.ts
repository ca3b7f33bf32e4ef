import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { isLoopbackAddress, isPublicAddress } from './address-guard.ts';

export type Address = { readonly address: string; readonly family: number };
export type Resolve = (host: string) => Promise<readonly Address[]>;

/** All addresses of a name, by the system's resolver. */
export const systemResolve: Resolve = (host) => lookup(host, { all: true, verbatim: true });

/** Why a host may not be dialled, or its addresses, all of which may. */
export type Checked = { readonly addresses: readonly Address[] } | { readonly refused: string };

/**
 * Resolves a host once and checks every address: whoever dials must dial one of these and not ask again, or a name
 * that changes between the two would lead inside. `hostname` is that of a parsed URL.
 */
export const checkedAddresses = async (hostname: string, resolve: Resolve, loopbackAllowed: boolean): Promise<Checked> => {
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  const family = isIP(host);
  const addresses = family === 0 ? await resolve(host) : [{ address: host, family }];
  if (addresses.length === 0) return { refused: `${hostname} has no address` };
  const may = (address: string): boolean => isPublicAddress(address) || (loopbackAllowed && isLoopbackAddress(address));
  const wrong = addresses.find(({ address }) => !may(address));
  return wrong === undefined ? { addresses } : { refused: `${hostname} is not an address of the public internet` };
};
