//! Pages of long answers.
//!
//! Services may always answer fewer entries than they were asked for, and [`World::page_size`] makes
//! them do so: whoever takes the first page for the whole list is found out.

use super::world::World;

/// A part of a list.
#[derive(Debug)]
pub(super) struct Page {
    list: &'static str,
    offset: usize,
    size: usize,
}

impl Page {
    /// The page of the list (its operation names it) that a token leads to; none if the token is not one of it.
    pub(super) fn of(world: &World, list: &'static str, token: Option<&str>, size: usize) -> Option<Self> {
        let offset = match token.filter(|token| !token.is_empty()) {
            None => 0,
            Some(token) => token.strip_prefix(list)?.strip_prefix('/')?.parse().ok()?,
        };
        Some(Self { list, offset, size: world.page_size.map_or(size, |most| most.clamp(1, size.max(1))) })
    }

    /// The entries on it, and the token of the next one if there is one.
    pub(super) fn take<T>(self, entries: impl IntoIterator<Item = T>) -> (Vec<T>, Option<String>) {
        let mut rest = entries.into_iter().skip(self.offset).peekable();
        let entries: Vec<T> = rest.by_ref().take(self.size).collect();
        let next = rest.peek().map(|_| format!("{}/{}", self.list, self.offset + entries.len()));
        (entries, next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_lead_to_each_other_and_end() {
        let world = World::default();
        let take = |token: Option<&str>, size| {
            Page::of(&world, "ListThings", token, size).map(|page| page.take(0..5))
        };
        assert_eq!(take(None, 5), Some((vec![0, 1, 2, 3, 4], None)));
        assert_eq!(take(Some(""), 2), Some((vec![0, 1], Some("ListThings/2".to_owned()))));
        assert_eq!(take(Some("ListThings/2"), 2), Some((vec![2, 3], Some("ListThings/4".to_owned()))));
        assert_eq!(take(Some("ListThings/4"), 2), Some((vec![4], None)));
        assert_eq!(take(Some("ListOthers/4"), 2), None);
        assert_eq!(take(Some("ListThings/x"), 2), None);
    }

    #[test]
    fn the_world_can_make_pages_smaller_but_not_larger() {
        let first = |page_size, size| {
            let world = World { page_size, ..World::default() };
            Page::of(&world, "ListThings", None, size).unwrap().take(0..9).0.len()
        };
        assert_eq!(first(Some(2), 5), 2);
        assert_eq!(first(Some(7), 5), 5);
        assert_eq!(first(Some(0), 5), 1);
    }
}
