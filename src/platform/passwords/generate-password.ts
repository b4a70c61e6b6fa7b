/** Without `I`, `O`, `l`, `o`, `0`, `1`, which are easily confused when a person reads or types a password. */
const alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789";

const groups = 5;
const groupLength = 4;
const length = groups * groupLength;

/** Bytes from this value on are discarded, because they would favour the first letters of the alphabet. */
const unbiased = 256 - (256 % alphabet.length);

/** About one draw in twenty lacks a digit; a hundred failed draws in a row mean that the source is not random. */
const mostDraws = 100;

/**
 * Generates a password of 24 characters, such as `Kt7m-Qz4x-h9Vb-2nRw-Ypc6`: five groups of four, 116 bits. It contains
 * upper case, lower case, digits and a special character, so that it passes the password advice.
 * @param randomBytes a cryptographic source
 */
export function generatePassword(randomBytes: (size: number) => Uint8Array): string {
  for (let draw = 0; draw < mostDraws; draw += 1) {
    const letters = Array.from(randomBytes(2 * length))
      .filter((byte) => byte < unbiased)
      .slice(0, length)
      .map((byte) => alphabet.charAt(byte % alphabet.length))
      .join("");
    // A complete new draw keeps all passwords with all character classes equally likely.
    if (letters.length === length && /[A-Z]/.test(letters) && /[a-z]/.test(letters) && /[2-9]/.test(letters)) {
      return letters.replace(/(.{4})(?=.)/g, "$1-");
    }
  }
  throw new RangeError("the source of random bytes is not random");
}
