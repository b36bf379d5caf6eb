/** The pool alone: the whole of undici takes twice as long to load, and the rest of it is never used. */
declare module 'undici/lib/dispatcher/pool.js' {
  import { Pool } from 'undici'
  export default Pool
}
