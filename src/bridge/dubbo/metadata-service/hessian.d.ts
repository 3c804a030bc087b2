/** What is used of hessian.js, which has no types of its own. */
declare module 'hessian.js' {
  export class EncoderV2 {
    write(value: unknown): this;
    get(): Buffer;
  }
  export class DecoderV2 {
    constructor(bytes: Buffer);
    /** Throws on malformed bytes. */
    read(): unknown;
  }
}
