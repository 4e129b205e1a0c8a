/** From the text of the data element back to columns of numbers (see `twin/report/columns.py`). */

/**
 * Base64, inflated.
 * @param {string} text
 * @returns {Promise<Uint8Array>}
 */
export async function inflate(text) {
  const stream = new Blob([fromBase64(text)]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function fromBase64(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i += 1) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

/**
 * All columns by name. A column of up to 31 bits is an Int32Array, a wider one a Float64Array: whole numbers are exact.
 * @param {Uint8Array} bytes
 * @param {{name: string, count: number, width: number, signed: boolean}[]} directory
 * @returns {Object<string, Int32Array|Float64Array>}
 */
export function readColumns(bytes, directory) {
  const columns = {};
  let start = 0;
  for (const { name, count, width, signed } of directory) {
    columns[name] = joinPlanes(bytes, start, count, width, signed);
    start += count * width;
  }
  return columns;
}

function joinPlanes(bytes, start, count, width, signed) {
  const wide = width > 3;
  const out = wide ? new Float64Array(count) : new Int32Array(count);
  for (let plane = 0; plane < width; plane += 1) {
    const from = start + plane * count;
    if (wide) {
      const weight = 256 ** plane;
      for (let i = 0; i < count; i += 1) out[i] += bytes[from + i] * weight;
    } else {
      const shift = 8 * plane;
      for (let i = 0; i < count; i += 1) out[i] |= bytes[from + i] << shift;
    }
  }
  if (signed) unzigzag(out, wide);
  return out;
}

function unzigzag(out, wide) {
  if (wide) {
    for (let i = 0; i < out.length; i += 1) out[i] = out[i] % 2 ? -(out[i] + 1) / 2 : out[i] / 2;
  } else {
    for (let i = 0; i < out.length; i += 1) out[i] = (out[i] >>> 1) ^ -(out[i] & 1);
  }
}

/**
 * Running sums: a column of differences becomes one of values.
 * @param {Int32Array|Float64Array} differences
 * @returns {Float64Array}
 */
export function sums(differences) {
  const out = new Float64Array(differences.length);
  let total = 0;
  for (let i = 0; i < out.length; i += 1) out[i] = total += differences[i];
  return out;
}
