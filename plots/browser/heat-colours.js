/**
 * The colour scale of the heat map: 256 steps through OKLab, so that equal steps look equal.
 *
 * Viridis-like, from violet over blue to green, but turned round on light paper: more faults always
 * stand out more. It stops short of yellow, which leaves orange to the major faults for every eye.
 */

const STEPS = 256;
/** Lightness and hue (degrees) of the fewest and of the most faults. */
const LIGHT_RAMP = { lightness: [0.76, 0.3], hue: [165, 292] };
const DARK_RAMP = { lightness: [0.52, 0.94], hue: [292, 150] };

/** 0..255 from linear light. */
function encoded(linear) {
  const value = Math.min(1, Math.max(0, linear));
  return Math.round(255 * (value <= 0.0031308 ? 12.92 * value : 1.055 * value ** (1 / 2.4) - 0.055));
}

/** OKLCh to sRGB bytes; Ottosson, "A perceptual color space for image processing". */
function rgbOf(lightness, chroma, hue) {
  const angle = (hue * Math.PI) / 180;
  const [a, b] = [chroma * Math.cos(angle), chroma * Math.sin(angle)];
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    encoded(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
    encoded(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    encoded(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s),
  ];
}

/** 256 colours as [red, green, blue], from the fewest faults to the most. */
export function rampOf(dark) {
  const { lightness, hue } = dark ? DARK_RAMP : LIGHT_RAMP;
  const between = ([from, to], share) => from + (to - from) * share;
  return Array.from({ length: STEPS }, (_, step) => {
    const share = step / (STEPS - 1);
    return rgbOf(between(lightness, share), 0.14, between(hue, share));
  });
}

/** "#15181d" -> [21, 24, 29]. */
export function rgbOfHex(text) {
  return [1, 3, 5].map((at) => Number.parseInt(text.slice(at, at + 2), 16));
}

/** A pixel as ImageData keeps it, in a 32-bit word of a little-endian machine (all that browsers run on). */
export function pixelOf([red, green, blue]) {
  return (0xff000000 | (blue << 16) | (green << 8) | red) >>> 0;
}

/** The step for a count, logarithmic: 1 is the first, `most` the last. */
export function stepOf(count, most) {
  return most > 1 ? Math.round(((STEPS - 1) * Math.log(count)) / Math.log(most)) : STEPS - 1;
}
