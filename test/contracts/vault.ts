import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Vault } from '../../src/ports/vault.ts';

/** A vault to test, empty. `reopen` closes it and opens another one on the same data. */
export type OpenVault = { readonly vault: Vault; readonly reopen: () => Promise<Vault>; readonly close: () => Promise<void> };

/** What every vault promises. An adapter joins with `vaultContract('name', async () => ({ vault, reopen, close }))`. */
export const vaultContract = (name: string, open: () => Promise<OpenVault>): void => {
  describe(`vault: ${name}`, () => {
    let opened: OpenVault;
    beforeEach(async () => {
      opened = await open();
    });
    afterEach(() => opened.close());

    it('knows nothing of a subject that was never put', async () => {
      expect(await opened.vault.get('nobody')).toBeNull();
      await opened.vault.scrub('nobody', ['email']);
      await opened.vault.erase('nobody');
      expect(await opened.vault.get('nobody')).toBeNull();
    });

    it('sets the fields that are given and keeps the others', async () => {
      await opened.vault.put('s-1', { email: 'a@example.org', name: 'Änne', tags: ['x', { y: null }] });
      await opened.vault.put('s-1', { email: 'b@example.org' });
      await opened.vault.put('s-2', { email: 'c@example.org' });
      expect(await opened.vault.get('s-1')).toEqual({ email: 'b@example.org', name: 'Änne', tags: ['x', { y: null }] });
    });

    it('removes the named fields only', async () => {
      await opened.vault.put('s-1', { email: 'a@example.org', name: 'Änne' });
      await opened.vault.scrub('s-1', ['email', 'unknown']);
      expect(await opened.vault.get('s-1')).toEqual({ name: 'Änne' });
    });

    it('forgets an erased subject, and takes it anew', async () => {
      await opened.vault.put('s-1', { email: 'a@example.org' });
      await opened.vault.put('s-2', { email: 'c@example.org' });
      await opened.vault.erase('s-1');
      expect(await opened.vault.get('s-1')).toBeNull();
      expect(await opened.vault.get('s-2')).toEqual({ email: 'c@example.org' });
      await opened.vault.put('s-1', { name: 'other' });
      expect(await opened.vault.get('s-1')).toEqual({ name: 'other' });
    });

    it('takes any subject and field name', async () => {
      const fields = { constructor: 'c', 'with "quotes"': "it's", '': 'empty' };
      await opened.vault.put("o'brien; --", fields);
      expect(await opened.vault.get("o'brien; --")).toEqual(fields);
    });

    it('has what it answered after a restart', async () => {
      await opened.vault.put('s-1', { email: 'a@example.org' });
      await opened.vault.put('s-2', { email: 'c@example.org' });
      await opened.vault.erase('s-2');
      const vault = await opened.reopen();
      expect(await vault.get('s-1')).toEqual({ email: 'a@example.org' });
      expect(await vault.get('s-2')).toBeNull();
    });

    it('is closed when it is closed', async () => {
      await opened.vault.close();
      await expect(opened.vault.get('s-1')).rejects.toMatchObject({ code: 'store-closed' });
      await expect(opened.vault.put('s-1', {})).rejects.toMatchObject({ code: 'store-closed' });
    });
  });
};
