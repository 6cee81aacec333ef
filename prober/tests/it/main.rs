//! The prober against real servers on loopback that answer well, badly, or not at all.

#[cfg(test)]
mod answers;
#[cfg(test)]
mod http2;
#[cfg(test)]
mod load;
#[cfg(test)]
mod no_answer;
#[cfg(test)]
mod redirects;
#[cfg(test)]
mod sequences;
#[cfg(test)]
mod support;
#[cfg(test)]
mod talk;
#[cfg(test)]
mod tls;
#[cfg(test)]
mod unreachable;
