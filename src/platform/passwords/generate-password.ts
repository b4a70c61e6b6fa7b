/** No `I`, `O`, `l`, `o`, `0`, `1`: what is read aloud or typed from a screen is read right. */
const alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789";

const groups = 5;
const groupLength = 4;
const length = groups * groupLength;

/** Bytes from here on would favour the first letters of the alphabet, and are thrown away. */
const unbiased = 256 - (256 % alphabet.length);

/** About one draw in twenty lacks a digit; a hundred in a row mean that the source is not random. */
const mostDraws = 100;

/**
 * A password of 24 characters, such as `Kt7m-Qz4x-h9Vb-2nRw-Ypc6`: five groups of four, 116 bits.
 * It holds upper case, lower case, digits and a special character, so that the password advice has nothing to say.
 * @param randomBytes a cryptographic source
 */
export function generatePassword(randomBytes: (size: number) => Uint8Array): string {
  for (let draw = 0; draw < mostDraws; draw += 1) {
    const letters = Array.from(randomBytes(2 * length))
      .filter((byte) => byte < unbiased)
      .slice(0, length)
      .map((byte) => alphabet.charAt(byte % alphabet.length))
      .join("");
    // Drawing all of it anew keeps every password that has all classes equally likely.
    if (letters.length === length && /[A-Z]/.test(letters) && /[a-z]/.test(letters) && /[2-9]/.test(letters)) {
      return letters.replace(/(.{4})(?=.)/g, "$1-");
    }
  }
  throw new RangeError("the source of random bytes is not random");
}
