import { openSqliteVault } from '../../src/adapters/sqlite/vault.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { vaultContract } from './vault.ts';

vaultContract('sqlite', async () => {
  const folder = await temporaryFolder();
  const open = () => openSqliteVault({ file: folder.path('vault.db') });
  let vault = open();
  const reopen = async () => {
    await vault.close();
    vault = open();
    return vault;
  };
  const close = async () => {
    await vault.close();
    await folder.remove();
  };
  return { vault, reopen, close };
});
