/** A clock for components that count down. */
import React from 'react';

/** The time, anew every `every_ms`; stands still while `isRunning` is false. */
export function useNow(every_ms: number, isRunning = true): Date {
  const [now, setNow] = React.useState(() => new Date());
  React.useEffect(() => {
    if (!isRunning) {
      return;
    }
    setNow(new Date());
    const timer = setInterval(() => setNow(new Date()), every_ms);
    return () => clearInterval(timer);
  }, [every_ms, isRunning]);
  return now;
}
