/**
 * Values by key, in the order in which they were set last: a list of our own that is searched while
 * it is short, and has an index where it is long. A `Map` that is filled and emptied all the time
 * leaves a chain of its former tables behind, each of which holds the next, and so all that ever was
 * in it, until the whole heap is searched.
 */

/** Up to so many values there is no index. */
const FEW = 16;

/** One value between its neighbours; out of the list it holds nothing. */
interface Place<Value> {
  readonly key: string;
  value: Value | undefined;
  before: Place<Value> | null;
  after: Place<Value> | null;
}

/** Values by key. Keys begin as their user says: integer-like ones collide in V8. */
export class EntryList<Value> {
  #oldest: Place<Value> | null = null;
  #newest: Place<Value> | null = null;
  #size = 0;
  #index: Map<string, Place<Value>> | null = null;

  /** How many there are. */
  get size(): number {
    return this.#size;
  }

  /** The value that was set longest ago. */
  get oldest(): readonly [key: string, value: Value] | null {
    const place = this.#oldest;
    return place === null ? null : [place.key, place.value as Value];
  }

  /** The value under `key`. */
  get(key: string): Value | undefined {
    return this.#place(key)?.value;
  }

  /** Sets it, as the newest; whether there was none. */
  set(key: string, value: Value): boolean {
    const known = this.#place(key);
    if (known === null) {
      this.#append({ key, value, before: null, after: null });
      this.#size++;
      this.#noteGrowth();
      return true;
    }
    known.value = value;
    if (known.after !== null) {
      this.#unlink(known);
      this.#append(known);
    }
    return false;
  }

  /** Takes it out; whether it was there. */
  delete(key: string): boolean {
    const place = this.#place(key);
    if (place === null) return false;
    this.#unlink(place);
    place.value = undefined;
    this.#size--;
    this.#index?.delete(key);
    if (this.#size < FEW / 2) this.#index = null;
    return true;
  }

  /** All keys, the oldest first. */
  keys(): string[] {
    const keys: string[] = [];
    for (let place = this.#oldest; place !== null; place = place.after) keys.push(place.key);
    return keys;
  }

  #place(key: string): Place<Value> | null {
    if (this.#index !== null) return this.#index.get(key) ?? null;
    let place = this.#newest;
    while (place !== null && place.key !== key) place = place.before;
    return place;
  }

  #append(place: Place<Value>): void {
    place.before = this.#newest;
    if (this.#newest === null) this.#oldest = place;
    else this.#newest.after = place;
    this.#newest = place;
  }

  #unlink(place: Place<Value>): void {
    const { before, after } = place;
    if (before === null) this.#oldest = after;
    else before.after = after;
    if (after === null) this.#newest = before;
    else after.before = before;
    place.before = place.after = null;
  }

  #noteGrowth(): void {
    if (this.#index !== null && this.#newest !== null) {
      this.#index.set(this.#newest.key, this.#newest);
    } else if (this.#size > FEW) {
      this.#index = new Map();
      for (let place = this.#oldest; place !== null; place = place.after) {
        this.#index.set(place.key, place);
      }
    }
  }
}
