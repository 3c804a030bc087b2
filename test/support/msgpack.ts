/** Reads one MessagePack value: what dd-trace sends to its agent. Throws on what the format does not have. */
export function unpack(bytes: Buffer): unknown {
  let at = 0;

  function skip<T>(size: number, value: T): T {
    at += size;
    return value;
  }

  function text(size: number): string {
    return skip(size, bytes.toString('utf8', at, at + size));
  }

  function array(size: number): unknown[] {
    return Array.from({ length: size }, value);
  }

  function map(size: number): Record<string, unknown> {
    const result: Record<string, unknown> = {};
    for (let i = 0; i < size; i++) result[String(value())] = value();
    return result;
  }

  function value(): unknown {
    const type = bytes.readUInt8(at++);
    if (type < 0x80) return type;
    if (type < 0x90) return map(type & 0x0f);
    if (type < 0xa0) return array(type & 0x0f);
    if (type < 0xc0) return text(type & 0x1f);
    if (type >= 0xe0) return type - 0x100;
    switch (type) {
      case 0xc0:
        return null;
      case 0xc2:
      case 0xc3:
        return type === 0xc3;
      case 0xc4:
        return text(skip(1, bytes.readUInt8(at)));
      case 0xca:
        return skip(4, bytes.readFloatBE(at));
      case 0xcb:
        return skip(8, bytes.readDoubleBE(at));
      case 0xcc:
        return skip(1, bytes.readUInt8(at));
      case 0xcd:
        return skip(2, bytes.readUInt16BE(at));
      case 0xce:
        return skip(4, bytes.readUInt32BE(at));
      case 0xcf:
        return skip(8, bytes.readBigUInt64BE(at));
      case 0xd0:
        return skip(1, bytes.readInt8(at));
      case 0xd1:
        return skip(2, bytes.readInt16BE(at));
      case 0xd2:
        return skip(4, bytes.readInt32BE(at));
      case 0xd3:
        return skip(8, bytes.readBigInt64BE(at));
      case 0xd9:
        return text(skip(1, bytes.readUInt8(at)));
      case 0xda:
        return text(skip(2, bytes.readUInt16BE(at)));
      case 0xdb:
        return text(skip(4, bytes.readUInt32BE(at)));
      case 0xdc:
        return array(skip(2, bytes.readUInt16BE(at)));
      case 0xdd:
        return array(skip(4, bytes.readUInt32BE(at)));
      case 0xde:
        return map(skip(2, bytes.readUInt16BE(at)));
      case 0xdf:
        return map(skip(4, bytes.readUInt32BE(at)));
      default:
        throw new Error(`MessagePack has no type ${type.toString(16)} here`);
    }
  }

  return value();
}
