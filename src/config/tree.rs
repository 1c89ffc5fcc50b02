//! A YAML document as a tree that knows the place of everything in it.

use std::borrow::Cow;
use std::ops::Range;

/// The place of a node in [`Tree`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NodeId(u32);

#[derive(Debug)]
struct Node<'t> {
    kind: Kind<'t>,
    start: u32,
    end: u32,
}

/// What a node is.
#[derive(Debug)]
pub(super) enum Kind<'t> {
    /// A text; `plain` when it stands without quotes, so that it may be a number, true or null.
    Scalar { text: Cow<'t, str>, plain: bool },
    /// A list.
    Sequence(Box<[NodeId]>),
    /// Keys, which are always scalars, with their values.
    Mapping(Box<[(NodeId, NodeId)]>),
    /// Another node, by `*name`.
    Alias(NodeId),
}

/// Few texts have more values than one in so many bytes; room that is not filled costs nothing.
const BYTES_PER_NODE: usize = 6;

/// All nodes of a document.
#[derive(Debug, Default)]
pub(super) struct Tree<'t> {
    nodes: Vec<Node<'t>>,
    root: Option<NodeId>,
}

impl<'t> Tree<'t> {
    /// An empty tree with room for what a text of so many bytes usually holds.
    pub(super) fn of_text(bytes: usize) -> Self {
        Self { nodes: Vec::with_capacity(bytes / BYTES_PER_NODE), root: None }
    }

    /// Adds a node; spans are byte offsets below [`super::source::MAX_FILE_BYTES`].
    pub(super) fn add(&mut self, kind: Kind<'t>, span: &Range<usize>) -> NodeId {
        let offset = |byte: usize| u32::try_from(byte).unwrap_or(u32::MAX);
        let id = NodeId(offset(self.nodes.len()));
        self.nodes.push(Node { kind, start: offset(span.start), end: offset(span.end) });
        id
    }

    pub(super) fn set_root(&mut self, root: NodeId) {
        self.root = Some(root);
    }

    /// How many nodes there are.
    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// The outermost node; `None` for an empty document.
    pub(super) fn root(&'t self) -> Option<Value<'t>> {
        self.root.and_then(|id| self.value(id))
    }

    pub(super) fn value(&'t self, id: NodeId) -> Option<Value<'t>> {
        self.node(id).map(|node| Value { tree: self, node })
    }

    /// The text of a scalar.
    pub(super) fn scalar(&self, id: NodeId) -> Option<&str> {
        match &self.resolve(self.node(id)?).kind {
            Kind::Scalar { text, .. } => Some(text),
            Kind::Sequence(_) | Kind::Mapping(_) | Kind::Alias(_) => None,
        }
    }

    /// The bytes of a node.
    pub(super) fn span(&self, id: NodeId) -> Range<usize> {
        self.node(id).map_or(0..0, Node::span)
    }

    fn node(&self, id: NodeId) -> Option<&Node<'t>> {
        self.nodes.get(usize::try_from(id.0).ok()?)
    }

    /// What an alias stands for; aliases point backwards and at finished nodes only.
    fn resolve<'n>(&'n self, mut node: &'n Node<'t>) -> &'n Node<'t> {
        while let Kind::Alias(target) = node.kind {
            let Some(next) = self.node(target) else { break };
            node = next;
        }
        node
    }
}

impl Node<'_> {
    fn span(&self) -> Range<usize> {
        let offset = |byte: u32| usize::try_from(byte).unwrap_or(usize::MAX);
        offset(self.start)..offset(self.end)
    }
}

/// A node to look at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Value<'t> {
    tree: &'t Tree<'t>,
    node: &'t Node<'t>,
}

impl<'t> Value<'t> {
    /// Where it stands; for an alias, where the alias stands.
    pub(super) fn span(self) -> Range<usize> {
        match &self.node.kind {
            Kind::Mapping(entries) => entries.first().map_or_else(|| self.node.span(), |(key, _)| self.tree.span(*key)),
            Kind::Sequence(_) | Kind::Scalar { .. } | Kind::Alias(_) => self.node.span(),
        }
    }

    /// Where it is written; for an alias, where that is which the alias stands for.
    pub(super) fn written_span(self) -> Range<usize> {
        self.tree.resolve(self.node).span()
    }

    /// Where all of it stands, as the parser sees it.
    pub(super) fn outer_span(self) -> Range<usize> {
        self.node.span()
    }

    /// The scalar's text, and whether it is plain.
    pub(super) fn scalar(self) -> Option<(&'t str, bool)> {
        match &self.tree.resolve(self.node).kind {
            Kind::Scalar { text, plain } => Some((text, *plain)),
            Kind::Sequence(_) | Kind::Mapping(_) | Kind::Alias(_) => None,
        }
    }

    /// The members of a list.
    pub(super) fn items(self) -> Option<impl ExactSizeIterator<Item = Value<'t>>> {
        match &self.tree.resolve(self.node).kind {
            Kind::Sequence(items) => Some(items.iter().map(move |id| self.at(*id))),
            Kind::Scalar { .. } | Kind::Mapping(_) | Kind::Alias(_) => None,
        }
    }

    /// Keys with their places, and values.
    pub(super) fn entries(self) -> Option<impl ExactSizeIterator<Item = (&'t str, Range<usize>, Value<'t>)>> {
        match &self.tree.resolve(self.node).kind {
            Kind::Mapping(entries) => Some(
                entries
                    .iter()
                    .map(move |(key, value)| (self.tree.scalar(*key).unwrap_or_default(), self.tree.span(*key), self.at(*value))),
            ),
            Kind::Scalar { .. } | Kind::Sequence(_) | Kind::Alias(_) => None,
        }
    }

    /// Whether there is nothing: `key:`, `~` or `null`.
    pub(super) fn is_null(self) -> bool {
        matches!(self.scalar(), Some(("" | "~" | "null" | "Null" | "NULL", true)))
    }

    /// Whether it is true or false.
    pub(super) fn is_boolean(self) -> bool {
        matches!(self.scalar(), Some(("true" | "True" | "TRUE" | "false" | "False" | "FALSE", true)))
    }

    /// What it is, for messages.
    pub(super) fn describe(self) -> &'static str {
        match (self.scalar(), &self.tree.resolve(self.node).kind) {
            (Some(_), _) if self.is_null() => "nothing",
            (Some(_), _) if self.is_boolean() => "true or false",
            (Some((text, true)), _) if text.parse::<f64>().is_ok() => "a number",
            (Some(_), _) => "text",
            (None, Kind::Sequence(_)) => "a list",
            (None, Kind::Mapping(_) | Kind::Scalar { .. } | Kind::Alias(_)) => "keys and values",
        }
    }

    fn at(self, id: NodeId) -> Self {
        self.tree.value(id).unwrap_or(self)
    }
}
