export type { Vault } from '../core/vault.ts';
