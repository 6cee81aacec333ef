//! Asynchronous invocations, and those that a function makes of itself meanwhile.

use bytes::Bytes;
use futures_util::{StreamExt, stream::FuturesUnordered};

use super::{Invocation, Lambda};
use crate::rehearsal::aws::Aws;

impl Lambda {
    /// Invokes the function as [`invoke_async`](Self::invoke_async) does, and also runs what the function, by its
    /// name, is asked for at the endpoint while anything of this runs: a hook that waits invokes itself. Returns the
    /// attempts of every invocation, in the order in which these were asked for.
    ///
    /// A link starts when its invocation is taken, as on AWS: what asked for it may still run.
    pub async fn invoke_chain(&self, event: impl Into<Bytes>, aws: &Aws) -> Vec<Vec<Invocation>> {
        let invoke = async |place: usize, event: Bytes| (place, self.invoke_async(event).await);
        let mut taken = aws.look(|world| world.lambda.invokes.len());
        let mut links = vec![Vec::new()];
        let mut running = FuturesUnordered::new();
        running.push(invoke(0, event.into()));
        loop {
            let asked =
                aws.look(|world| world.lambda.invokes.iter().skip(taken).cloned().collect::<Vec<_>>());
            taken += asked.len();
            for itself in asked.into_iter().filter(|asked| asked.names(&self.function().name)) {
                running.push(invoke(links.len(), itself.payload.into()));
                links.push(Vec::new());
            }
            tokio::select! {
                ended = running.next() => match ended {
                    Some((place, attempts)) => links[place] = attempts,
                    // Whoever asks does so before it ends: nothing more can come.
                    None => return links,
                },
                () = aws.until(|world| world.lambda.invokes.len() > taken) => {}
            }
        }
    }
}
