//! One draft of the request, and the order in which the choices are gone through.

use super::{
    Chosen, Wish,
    choices::{Location, Need},
    matching::{Match, Request, Test},
    text::quoted,
};

/// The choices for all parts of the request.
pub(super) struct Parts<'a> {
    pub(super) hosts: Vec<Chosen>,
    pub(super) paths: Vec<Location>,
    pub(super) query: Vec<Need<'a, Chosen>>,
    pub(super) headers: Vec<Need<'a, (String, Chosen)>>,
}

/// One draft of the request.
#[derive(Debug)]
pub(super) struct Draft<'p> {
    pub(super) host: &'p Chosen,
    path: &'p Location,
    query: String,
    /// Which conditions added to the query.
    added: Vec<String>,
    /// The headers that the rule asks for.
    pub(super) headers: Vec<(String, Chosen)>,
    /// All headers, the plan's first.
    sent: Vec<(String, String)>,
}

impl Parts<'_> {
    /// All drafts, the preferred first.
    pub(super) fn drafts<'p>(&'p self, wish: &'p Wish<'_>) -> impl Iterator<Item = Draft<'p>> {
        let sizes: Vec<usize> = [self.hosts.len(), self.paths.len()]
            .into_iter()
            .chain(self.query.iter().map(|need| need.options.len()))
            .chain(self.headers.iter().map(|need| need.options.len()))
            .collect();
        picks(sizes).filter_map(move |picks| self.draft(wish, &picks))
    }

    /// The draft with these choices: one for the host, one for the path, then those for each need.
    fn draft<'p>(&'p self, wish: &'p Wish<'_>, picks: &[usize]) -> Option<Draft<'p>> {
        let (&[host, path], needs) = picks.split_first_chunk::<2>()?;
        let (for_query, for_headers) = needs.split_at_checked(self.query.len())?;
        let (query, added, sent) = (String::new(), Vec::new(), wish.headers.to_vec());
        let (host, path) = (self.hosts.get(host)?, self.paths.get(path)?);
        let mut draft = Draft { host, path, query, added, headers: Vec::new(), sent };
        draft.query.clone_from(&path.query);
        for (need, pick) in self.query.iter().zip(for_query) {
            if need.test.matches(&draft.request(wish)) != Match::Yes {
                let parameter = need.options.get(*pick)?;
                if !draft.query.is_empty() {
                    draft.query.push('&');
                }
                draft.query.push_str(&parameter.value);
                draft.added.push(parameter.from.clone());
            }
        }
        for (need, pick) in self.headers.iter().zip(for_headers) {
            // Only what was added here counts: what probes send by themselves was looked at before.
            let added = draft.headers.iter().any(|(name, _)| is_about(need.test, name));
            if !added || need.test.matches(&draft.request(wish)) != Match::Yes {
                let (name, chosen) = need.options.get(*pick)?;
                draft.sent.push((name.clone(), chosen.value.clone()));
                draft.headers.push((name.clone(), chosen.clone()));
            }
        }
        Some(draft)
    }
}

impl Draft<'_> {
    /// As the load balancer sees it.
    pub(super) fn request<'r>(&'r self, wish: &'r Wish<'_>) -> Request<'r> {
        Request {
            method: wish.method,
            host: &self.host.value,
            path: &self.path.path,
            query: &self.query,
            headers: &self.sent,
            secrets: wish.secret_headers,
        }
    }

    pub(super) fn path_and_query(&self) -> Chosen {
        let mut value = self.path.path.clone();
        if !self.query.is_empty() {
            value = format!("{value}?{}", self.query);
        }
        let from: Vec<_> = std::iter::once(&self.path.from).chain(&self.added).map(String::as_str).collect();
        Chosen::new(value, from.join(", with "))
    }

    pub(super) fn words(&self, wish: &Wish<'_>) -> String {
        let path = quoted(&self.path_and_query().value);
        format!("{} {path} for host {}", wish.method, quoted(&self.host.value))
    }
}

fn is_about(test: &Test, name: &str) -> bool {
    matches!(test, Test::Header(other, _) if other.eq_ignore_ascii_case(name))
}

/// All ways to pick one of each: the preferred, then those that differ from it in one place, then the
/// rest. Values of the query and of headers, which stand last, mean the least and are changed first.
fn picks(sizes: Vec<usize>) -> impl Iterator<Item = Vec<usize>> {
    let preferred = vec![0; sizes.len()];
    let differing: Vec<_> = (0..sizes.len())
        .rev()
        .flat_map(|place| (1..sizes[place]).map(move |pick| (place, pick)))
        .map(|(place, pick)| {
            let mut picks = preferred.clone();
            picks[place] = pick;
            picks
        })
        .collect();
    let all = std::iter::successors(Some(preferred.clone()), move |picks| {
        let mut next = picks.clone();
        for (pick, size) in next.iter_mut().zip(&sizes).rev() {
            *pick += 1;
            if *pick < *size {
                return Some(next);
            }
            *pick = 0;
        }
        None
    });
    let rest = all.filter(|picks| picks.iter().filter(|pick| **pick > 0).count() > 1);
    std::iter::once(preferred).chain(differing).chain(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_pick_comes_once_and_the_nearest_first() {
        let found: Vec<_> = picks(vec![2, 1, 3]).collect();
        assert_eq!(found, [[0, 0, 0], [0, 0, 1], [0, 0, 2], [1, 0, 0], [1, 0, 1], [1, 0, 2]]);
        assert_eq!(picks(vec![1, 1]).count(), 1);
    }
}
