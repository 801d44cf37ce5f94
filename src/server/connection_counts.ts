/**
 * How many connections there are, in all and of each address, so that no client can take them all.
 * Pure: what becomes of one too many is the listener's affair.
 */

/** Upper bounds. */
export interface ConnectionLimits {
  readonly total: number;
  /** Of one address. */
  readonly perAddress: number;
}

/** Counts connections. */
export class ConnectionCounts {
  readonly #ofAddress = new Map<string, number>();
  #total = 0;

  /**
   * Counts a connection from `address`, unless that would be one too many.
   *
   * @param isShared Whether `address` stands for many clients, so that only the total counts
   */
  take(address: string, limits: ConnectionLimits, isShared: boolean): boolean {
    const ofAddress = this.#ofAddress.get(address) ?? 0;
    if (this.#total >= limits.total) return false;
    if (!isShared && ofAddress >= limits.perAddress) return false;
    this.#total++;
    this.#ofAddress.set(address, ofAddress + 1);
    return true;
  }

  /** Gives back what was taken. */
  release(address: string): void {
    const left = (this.#ofAddress.get(address) ?? 0) - 1;
    this.#total--;
    if (left > 0) this.#ofAddress.set(address, left);
    else this.#ofAddress.delete(address);
  }
}
