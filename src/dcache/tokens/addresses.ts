/** Addresses and networks from which a macaroon may be used, as they are typed. Pure. */

/** The addresses and networks in a text, between spaces or commas. */
export function addressesIn(text: string): string[] {
  return text.split(/[\s,;]+/).filter(part => part !== '');
}

/** Whether a text is an IPv4 or IPv6 address, or a network of them as `192.0.2.0/24`. */
export function isAddress(text: string): boolean {
  const [address, prefix, ...rest] = text.split('/');
  const bits = address.includes(':') ? 128 : 32;
  const isPrefix =
    prefix === undefined ||
    (/^\d{1,3}$/.test(prefix) && Number(prefix) <= bits);
  return (
    rest.length === 0 &&
    isPrefix &&
    (bits === 128 ? isIPv6(address) : isIPv4(address))
  );
}

function isIPv4(text: string): boolean {
  const parts = text.split('.');
  // Python, which checks it again, takes no zero in front: some read it as octal.
  return (
    parts.length === 4 &&
    parts.every(part => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255)
  );
}

function isIPv6(text: string): boolean {
  if (!/^[0-9a-f:.]+$/i.test(text)) {
    return false;
  }
  try {
    // The browser knows what may stand there.
    return new URL(`http://[${text}]/`).hostname !== '';
  } catch {
    return false;
  }
}
