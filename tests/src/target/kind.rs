//! The kinds of application, by name, so that a table of faults can go through all of them.

/// How an application behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Answers 200.
    Good,
    /// Answers 500.
    Wrong,
    /// Nobody listens on its port, and nobody can take the port.
    Refused,
    /// A connect to it never completes: it listens, its backlog is full, and it never accepts.
    BacklogFull,
    /// Accepts and reads, and never answers.
    NeverAnswers,
    /// Answers 200 over TLS, with a certificate of a private authority.
    Tls,
    /// The first TLS handshake hangs for ever; every later one is like [`Kind::Tls`].
    TlsHangsOnce,
    /// Every TLS handshake hangs for ever.
    TlsHangs,
    /// Sends half an answer, then a reset.
    ResetsMidAnswer,
    /// Sends the head of a 200 at once and its body at one byte a second, for an hour.
    Drips,
    /// Sends a body that does not end, as fast as it is read.
    EndlessBody,
    /// Speaks something, but not HTTP.
    InvalidHttp,
    /// Redirects every request to the path that was asked for.
    RedirectLoop,
}

impl Kind {
    /// Every kind, once.
    pub const ALL: [Self; 13] = [
        Self::Good,
        Self::Wrong,
        Self::Refused,
        Self::BacklogFull,
        Self::NeverAnswers,
        Self::Tls,
        Self::TlsHangsOnce,
        Self::TlsHangs,
        Self::ResetsMidAnswer,
        Self::Drips,
        Self::EndlessBody,
        Self::InvalidHttp,
        Self::RedirectLoop,
    ];

    /// What a table calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Wrong => "wrong",
            Self::Refused => "refused",
            Self::BacklogFull => "backlog full",
            Self::NeverAnswers => "never answers",
            Self::Tls => "TLS",
            Self::TlsHangsOnce => "TLS handshake hangs once",
            Self::TlsHangs => "TLS handshake hangs",
            Self::ResetsMidAnswer => "resets mid-answer",
            Self::Drips => "drips one byte a second",
            Self::EndlessBody => "endless body",
            Self::InvalidHttp => "invalid HTTP",
            Self::RedirectLoop => "redirect loop",
        }
    }

    /// Whether its URL is an `https` one.
    pub fn speaks_tls(self) -> bool {
        matches!(self, Self::Tls | Self::TlsHangsOnce | Self::TlsHangs)
    }
}
