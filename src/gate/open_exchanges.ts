/**
 * The exchanges that are open, in a list of our own. A `Set` that is filled and emptied all the time
 * leaves a chain of its former tables behind, each of which holds the next, and so all that ever was
 * in it, until the whole heap is searched. Knows nothing of what an exchange does.
 */

/** What can be in the list: between its neighbours, or null where it stands at an end or in none. */
export interface Listed<Self> {
  before: Self | null;
  after: Self | null;
}

/** Those that are open. */
export class OpenExchanges<Exchange extends Listed<Exchange>> {
  #first: Exchange | null = null;
  #size = 0;

  /** How many there are. */
  get size(): number {
    return this.#size;
  }

  /** Takes one in that is in no list. */
  add(exchange: Exchange): void {
    exchange.after = this.#first;
    if (this.#first !== null) this.#first.before = exchange;
    this.#first = exchange;
    this.#size++;
  }

  /** Takes one out that is in this list. */
  remove(exchange: Exchange): void {
    const { before, after } = exchange;
    if (before === null) this.#first = after;
    else before.after = after;
    if (after !== null) after.before = before;
    exchange.before = exchange.after = null;
    this.#size--;
  }

  /** Those that are open now, whatever becomes of them meanwhile. */
  all(): Exchange[] {
    const all: Exchange[] = [];
    for (let next = this.#first; next !== null; next = next.after) all.push(next);
    return all;
  }
}
