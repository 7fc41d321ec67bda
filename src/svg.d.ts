/** Icons are imported as their own text. */
declare module '*.svg' {
  const text: string;
  export default text;
}
